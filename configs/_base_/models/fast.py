# Keys that the fast recipes change: modulation where the grid is small, and a third of the width
# in the pyramid and in the decoder, whose 3x3 convolutions on the fine grid cost most after it.
# The student then holds most activations: it computes them again in the backward pass.
fast = dict(
    backbone=dict(with_cp=True),
    decode_head=dict(
        order='modulation_first',
        pyramid=dict(out_channels=256),
        decoder=dict(in_channels=[256] * 4, channels=256),
        auxiliary=dict(in_channels=256),
    ),
)

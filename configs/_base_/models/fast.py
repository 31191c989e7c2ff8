# Keys that the fast recipes change. Attention in the official order costs most, over every pair of
# tokens of the fine grids: keys are pooled to the teacher's grid of 256x256 pixels, however large
# the image is. After it the width costs most: a pyramid of a third, and with it modulation, and a
# decoder of half.
fast = dict(
    decode_head=dict(
        pyramid=dict(out_channels=256),
        modulation=dict(keys=19),
        decoder=dict(in_channels=[256] * 4, channels=256),
        auxiliary=dict(in_channels=256),
    ),
)

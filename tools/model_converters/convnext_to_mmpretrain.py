"""Convert ConvNeXt or ConvNeXtV2 weights (official or timm keys) to mmpretrain's ConvNeXt."""

from front import convert_backbone  # type: ignore[import-not-found]

if __name__ == '__main__':
    convert_backbone(
        __doc__,
        'convnext',
        sizes='atto femto pico nano tiny small base large xlarge huge'.split(),
    )

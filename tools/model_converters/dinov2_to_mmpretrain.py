"""Convert DINOv2 weights (official, timm, transformers) to mmpretrain's VisionTransformer."""

from front import converter_parser, report  # type: ignore[import-not-found]

SIZES = ['small', 'base', 'large', 'giant']


def main() -> None:
    """Convert and print what matched."""
    parser = converter_parser(__doc__)
    parser.add_argument('--arch', choices=SIZES, help='refuse any other size')
    args = parser.parse_args()
    from ktda_mmseg.checkpoints.converting import convert_backbone_file
    from ktda_mmseg.checkpoints.dinov2 import dinov2_to_mmpretrain as convert

    report(convert_backbone_file, args.source, args.out, convert, args.arch, args.allow_pickle)


if __name__ == '__main__':
    main()

"""Convert ConvNeXt or ConvNeXtV2 weights (official or timm keys) to mmpretrain's ConvNeXt."""

from front import converter_parser, report  # type: ignore[import-not-found]

SIZES = 'atto femto pico nano tiny small base large xlarge huge'.split()


def main() -> None:
    """Convert and print what matched."""
    parser = converter_parser(__doc__)
    parser.add_argument('--arch', choices=SIZES, help='refuse any other size')
    args = parser.parse_args()
    from ktda_mmseg.checkpoints.converting import convert_backbone_file
    from ktda_mmseg.checkpoints.convnext import convnext_to_mmpretrain as convert

    report(convert_backbone_file, args.source, args.out, convert, args.arch, args.allow_pickle)


if __name__ == '__main__':
    main()

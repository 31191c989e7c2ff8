"""Convert a checkpoint of the official KTDA code for KTDASegmentor."""

import argparse
import sys


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('source', metavar='SRC', help='official checkpoint')
    parser.add_argument('out', metavar='DST', help='.pth, .pt or .safetensors file to write')
    parser.add_argument('--teacher-out', metavar='FILE', help="write the teacher's weights here")
    parser.add_argument(
        '--allow-pickle', action='store_true', help='unpickle anything: for trusted files only'
    )
    return parser.parse_args()


def main() -> None:
    """Convert and print what matched."""
    args = parse_args()
    from ktda_mmseg.checkpoints.converting import convert_official_file

    try:
        print(convert_official_file(args.source, args.out, args.teacher_out, args.allow_pickle))
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()

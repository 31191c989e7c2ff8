"""Draw feature maps of teacher and student, before and after training, and how alike they are.

Also draws what the modulation attends to. The folder gets maps_*.png, attention_*.png,
similarity.png and similarity.json.
"""

import argparse
from pathlib import Path


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='Levels have the colours of their three strongest principal components; those of '
        "the student\nare rotated onto the teacher's, so that the same colour means the same.",
    )
    add = parser.add_argument
    add('config', type=Path, metavar='CONFIG', help='config that the student was trained with')
    add('checkpoint', type=Path, metavar='CHECKPOINT', help='the trained student')
    add('--out', type=Path, required=True, metavar='DIR', help='folder to write to')
    add('--before', type=Path, metavar='CHECKPOINT',
        help='an earlier state to compare with; default: as CONFIG initialises it')  # fmt: skip
    add('--teacher', type=Path, metavar='CONFIG',
        help='config with the teacher, for a student without one; default: CONFIG')  # fmt: skip
    add('--split', choices=['val', 'test'], default='val', help='images to look at (val)')
    add('--images', type=int, default=16, metavar='N',
        help='compare features on N images, evenly spread over the split (16)')  # fmt: skip
    add('--shown', type=int, default=3, metavar='N', help='draw N of those (3)')
    args = parser.parse_args()
    if args.images < 1 or args.shown < 0:
        parser.error('expected --images of 1 or more and --shown of 0 or more')
    return args


def main() -> None:
    """Draw and print a table of the similarities."""
    args = parse_args()

    # imported only now, so that --help answers at once
    import ktda_mmseg  # noqa: F401
    from ktda_mmseg.studies.features.visualise import describe, visualise_features
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        print(f'{describe(visualise_features(**vars(args)))}\nfigures are in {args.out}')


if __name__ == '__main__':
    main()

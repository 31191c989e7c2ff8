"""Make a model that others map images with of a study's row: its weights, config and card."""

import argparse
from pathlib import Path


def main() -> None:
    """Parse the command line, write the model, and say where its card is."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='It takes the seed whose mIoU is the median of those that are done, not the best, '
        'and its checkpoint in work_dirs/studies/. OUT/metafile.yml is the card, as mim reads it.',
    )
    parser.add_argument('study', type=Path, help='study file, such as studies/dubai_taught.yaml')
    parser.add_argument('row', metavar='ROW', help='row of the study')
    parser.add_argument('out', type=Path, metavar='OUT', help="folder; its name is the model's")
    args = parser.parse_args()

    from ktda_mmseg.studies.release import publish
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        print(publish(args.study, args.row, args.out))


if __name__ == '__main__':
    main()

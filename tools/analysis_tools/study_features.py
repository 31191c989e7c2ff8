"""Show how much of the way from a student alone to its teacher the rows of a study go.

Compares what the finished cells see with a teacher, level by level, and writes similarity.json,
way.png and way.md among the results of each data set.
"""

import argparse
from pathlib import Path


def main() -> None:
    """Parse the command line, compare and write."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='Start it in the folder that holds tools/, as run_study.py.',
    )
    add = parser.add_argument
    add('study', type=Path, metavar='STUDY', help='study file, such as studies/dubai.yaml')
    add('--rows', nargs='+', required=True, metavar='NAME',
        help='first the student alone, last the teacher with the head')  # fmt: skip
    add('--teacher', type=Path, metavar='CONFIG',
        help='config with the teacher; without, what was compared before is drawn')  # fmt: skip
    add('--images', type=int, default=16, metavar='N',
        help='compare on N images of the test split, evenly spread (16)')  # fmt: skip
    args = parser.parse_args()
    if len(args.rows) < 2 or args.images < 1:
        parser.error('expected two --rows or more, and --images of 1 or more')

    # imported only now, so that --help answers at once
    import ktda_mmseg  # noqa: F401
    from ktda_mmseg.studies import Study
    from ktda_mmseg.studies.features.gap import compare_cells, write_gap
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        study = Study.load(args.study)
        for dataset in study.datasets:
            if args.teacher:
                compare_cells(study, dataset, args.rows, args.teacher, args.images)
            print(f'\nwritten to {write_gap(study, dataset, args.rows)}')


if __name__ == '__main__':
    main()

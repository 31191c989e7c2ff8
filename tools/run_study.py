"""Run what is missing of a study and write its tables."""

import argparse
from pathlib import Path

from worker_arguments import CLUSTER


def main() -> None:
    """Parse the command line, run and write."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Start it in the folder that holds tools/. Cells, each a row on a data set with a '
        'seed, train in work_dirs/studies/; results and tables are in docs/results/. It can be '
        'stopped and started again at any time, also several times at once.',
    )
    parser.add_argument('study', type=Path, help='study file, such as studies/dubai.yaml')
    parser.add_argument('--datasets', nargs='+', metavar='NAME', help='only these data sets')
    parser.add_argument('--rows', nargs='+', metavar='NAME', help='only these rows')
    parser.add_argument('--seeds', nargs='+', type=int, metavar='N', help='only these seeds')
    parser.add_argument(
        '--jobs',
        type=int,
        help='cells to train at once, each on its share of the cores, or on a GPU of its own; '
        'default: as many as there are GPUs, else 1',
    )
    parser.add_argument('--cluster', metavar='SCHEDULER', help=CLUSTER)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument('--status', action='store_true', help='say how far each cell is, and end')
    mode.add_argument('--dry-run', action='store_true', help='list what would be run, and end')
    mode.add_argument('--tables', action='store_true', help='write the tables only')
    parser.add_argument(
        '--drop-changed',
        action='store_true',
        help='remove runs and results of configs that have changed since, and run them again',
    )
    args = parser.parse_args()

    from ktda_mmseg.studies.commands import run_study
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        run_study(**vars(args))


if __name__ == '__main__':
    main()

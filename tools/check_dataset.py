"""Check the data sets of a config before training: files, labels, statistics, leaks between splits.

Prints a verdict and tables, and writes a report (index.html) and a config with mean, std and class
weights to inherit (with_statistics.py). Exit code 1 means that there are errors.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from worker_arguments import add_workers


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line, check, and print and write what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', type=Path, help='config file whose data loaders are checked')
    parser.add_argument(
        '--out', type=Path, help='folder to write to; default: work_dirs/CONFIG/dataset_check'
    )
    add_workers(parser)
    args = parser.parse_args(argv)
    if not args.config.is_file():
        parser.error(f'expected config to be an existing file, got {args.config}')
    out = args.out or Path('work_dirs', args.config.stem, 'dataset_check')

    # imported only now, so that --help answers at once
    from mmengine.config import Config

    from ktda_mmseg.scenes.check.report import write
    from ktda_mmseg.scenes.check.running import check
    from ktda_mmseg.utils.errors import clean_errors
    from ktda_mmseg.utils.workers import Workers

    with clean_errors():
        config = Config.fromfile(args.config)
        checked = check(config, Workers(args.workers, args.cluster))
        print(f'\n{write(checked, config, out)}')
        sys.exit(checked.failed)


if __name__ == '__main__':
    main()

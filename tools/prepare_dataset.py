"""Make a data set in mmseg's folder layout from a published archive or from generated scenes."""

import argparse
from collections.abc import Sequence
from importlib import import_module

from dataset_sources import SOURCES
from worker_arguments import add_workers


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; each sub-command has the arguments of a module's ``prepare``."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog='An interrupted or failed run goes on where it stopped.'
    )
    commands = parser.add_subparsers(dest='command', required=True)
    for source in SOURCES:
        command = commands.add_parser(
            source.__name__, help=source.__doc__, description=source.__doc__,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )  # fmt: skip
        source(command)
        add_workers(command)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Prepare one data set and print what it holds."""
    arguments = vars(parse_args(argv))
    # imported only now, so that --help answers at once
    from ktda_mmseg.utils.errors import clean_errors
    from ktda_mmseg.utils.workers import Workers

    with clean_errors():
        module = import_module(f'ktda_mmseg.scenes.prepare.{arguments.pop("command")}')
        workers = Workers(arguments.pop('workers'), arguments.pop('cluster'))
        print(module.prepare(**arguments, workers=workers))


if __name__ == '__main__':
    main()

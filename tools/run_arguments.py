"""Command-line arguments that train.py and test.py share."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def create_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of what every run has: a config and how to change and launch it."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--work-dir',
        help='folder for logs and checkpoints; default: that of the config, or work_dirs/CONFIG',
    )
    add_cfg_options(parser)
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes of this run',
    )
    # torch.distributed.launch, which mim uses, gives it with a hyphen
    parser.add_argument(
        '--local_rank', '--local-rank', type=int, default=0, help='set by some launchers'
    )
    return parser


class CfgOptions(argparse.Action):
    """mmengine's ``DictAction``, imported when there is something to parse: it brings PyTorch."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Put the options into the namespace, as a dictionary."""
        from mmengine.config import DictAction

        action = DictAction(self.option_strings, self.dest, nargs=self.nargs)
        action(parser, namespace, values, option_string)


def add_cfg_options(
    parser: argparse.ArgumentParser,
    text: str = 'settings to change in the config, such as train_cfg.max_iters=100 '
    'or model.neck.in_channels="[16,24,32,48]"',
) -> None:
    """Add ``--cfg-options``."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=CfgOptions,
        default={},
        metavar='KEY=VALUE',
        help=text,
    )


def parse(parser: argparse.ArgumentParser, *files: str) -> argparse.Namespace:
    """Parse, check the files, export the local rank as mmengine expects it, import the package.

    It also sets how memory is taken from here on, see :func:`reduce_page_faults`.

    Args:
        parser (argparse.ArgumentParser): The parser.
        *files (str): Names of arguments that are files, where they are given.

    Raises:
        SystemExit: With code 2 and one line if the arguments are wrong or a file is missing; with
            one line if the package or what it stands on is not installed.
    """
    args = parser.parse_args()
    for name in files:
        path = getattr(args, name)
        # checkpoints may be addresses, such as https://
        if path and '://' not in path and not Path(path).is_file():
            parser.error(f'expected {name} to be an existing file, got {path}')
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    try:
        # late, so that --help is quick
        from ktda_mmseg.engine.allocator import reduce_page_faults
    except ModuleNotFoundError as error:
        raise SystemExit(
            f'error: {error}; install this project with `pip install -e .` in its folder'
        ) from None
    except ImportError as error:
        raise SystemExit(f'error: {error}') from None
    reduce_page_faults()
    return args

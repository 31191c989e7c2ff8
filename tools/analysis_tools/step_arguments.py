"""The arguments of the tools that look at single steps of configs."""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of run_arguments

from run_arguments import add_cfg_options


def add_step_arguments(parser: argparse.ArgumentParser, default: str) -> None:
    """Add the configs, their batch and images, and the file for what is found.

    Args:
        parser (ArgumentParser): Parser to extend.
        default (str): Whose batch and size are taken where none are given.
    """
    parser.add_argument('configs', nargs='+', metavar='CONFIG[+FLAG...]', help='config files')
    parser.add_argument('--batch-size', type=int, help=f"images a step; default: {default}'s")
    parser.add_argument(
        '--size', type=int, nargs=2, metavar=('H', 'W'), help=f"pixels; default: {default}'s"
    )
    parser.add_argument('--json', type=Path, metavar='FILE', help='write all that was found')
    add_cfg_options(parser, 'settings to change in every config')

"""What the command lines of the converters share."""

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module


def converter_parser(
    description: str | None, source: str = '.pth, .pt, .bin or .safetensors file'
) -> argparse.ArgumentParser:
    """Make a parser of ``SRC DST``.

    Args:
        description (str | None): What the converter does.
        source (str): What it reads.

    Returns:
        argparse.ArgumentParser: To be given further options.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('source', metavar='SRC', help=source)
    parser.add_argument('out', metavar='DST', help='.pth, .pt or .safetensors file to write')
    return parser


def convert_backbone(description: str | None, family: str, sizes: Sequence[str]) -> None:
    """Convert the weights of a backbone from the command line.

    Args:
        description (str | None): What the converter does.
        family (str): Module of ``ktda_mmseg.checkpoints`` that holds ``FAMILY_to_mmpretrain``.
        sizes (Sequence[str]): Sizes that ``--arch`` can name.
    """
    parser = converter_parser(description)
    add_allow_pickle(parser)
    parser.add_argument('--arch', choices=sizes, help='refuse any other size')
    args = parser.parse_args()
    # only now, so that --help answers at once
    convert_file = import_module('ktda_mmseg.checkpoints.converters').convert_backbone_file
    convert = getattr(import_module(f'ktda_mmseg.checkpoints.{family}'), f'{family}_to_mmpretrain')
    report(convert_file, args.source, args.out, convert, args.arch, args.allow_pickle)


def add_allow_pickle(parser: argparse.ArgumentParser) -> None:
    """Add the flag ``--allow-pickle``."""
    parser.add_argument(
        '--allow-pickle', action='store_true', help='unpickle anything: for trusted files only'
    )


def report(convert: Callable[..., object], *args: object) -> None:
    """Convert and print what matched, or exit with the one line that says what is wrong.

    Args:
        convert (Callable): Returns something whose text is the report.
        *args (object): Its arguments.
    """
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        print(convert(*args))

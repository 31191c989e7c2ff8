"""Make a data set in mmseg's folder layout from a published archive or from generated scenes."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; each sub-command has the arguments of a module's ``prepare``."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog='An interrupted or failed run goes on where it stopped.'
    )
    commands = parser.add_subparsers(dest='command', required=True)

    def add(name: str, summary: str, out: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=summary, description=summary,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )  # fmt: skip
        command.add_argument('--out', type=Path, default=Path(out), help='folder to create')
        return command

    l8_biome = add('l8_biome', 'Landsat 8 cloud tiles as RGB', 'data/l8_biome_sample')
    l8_biome.add_argument('source', type=Path, help='folder with {train,val,test}/{Images,Masks}')
    dubai = add('dubai', 'Dubai land cover, tiled, split by mosaic', 'data/dubai')
    dubai.add_argument('source', type=Path, help="folder with 'Tile 1' to 'Tile 8'")
    dubai.add_argument('--tile', type=int, default=512, help='side of a tile in pixels')
    synthetic = add('synthetic', 'generated scenes, no download', 'data/synthetic_grass')
    synthetic.add_argument(
        '--kind', choices=['grass', 'cloud'], default='grass', help='what to draw'
    )
    synthetic.add_argument('--seed', type=int, default=0, help='another seed, other scenes')
    synthetic.add_argument('--size', type=int, default=256, help='side of an image in pixels')
    for split, count in {'train': 120, 'val': 30, 'test': 30}.items():
        synthetic.add_argument(f'--{split}', type=int, default=count, help=f'{split} images')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Prepare one data set and print what it holds."""
    arguments = vars(parse_args(argv))
    # imported only now, so that --help answers at once
    module = import_module(f'ktda_mmseg.datasets.preparation.{arguments.pop("command")}')
    try:
        print(module.prepare(**arguments))
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()

"""The sub-commands of prepare_dataset.py: one function a source, named like its module.

The function's docstring is the help; its arguments are those of the module's ``prepare``. Nothing
of the package is imported here, so that ``--help`` answers at once.
"""

from argparse import ArgumentParser
from pathlib import Path


def l8_biome(command: ArgumentParser) -> None:
    """Landsat 8 clouds: the 96 scenes as USGS publishes them, or the sample of tiles."""
    _source(command, 'folder with LC8*/ scenes, or with {train,val,test}/{Images,Masks}')
    _out(command, 'data/l8_biome_sample')


def dubai(command: ArgumentParser) -> None:
    """Dubai land cover, tiled, split by mosaic."""
    _source(command, "folder with 'Tile 1' to 'Tile 8'")
    _out(command, 'data/dubai')
    _tile(command)


def synthetic(command: ArgumentParser) -> None:
    """Generated scenes, no download."""
    _out(command, 'data/synthetic_grass')
    command.add_argument('--kind', choices=['grass', 'cloud'], default='grass', help='what to draw')
    command.add_argument('--seed', type=int, default=0, help='another seed, other scenes')
    command.add_argument('--size', type=int, default=256, help='side of an image in pixels')
    for split, count in {'train': 120, 'val': 30, 'test': 30}.items():
        command.add_argument(f'--{split}', type=int, default=count, help=f'{split} images')


SOURCES = (l8_biome, dubai, synthetic)


def _source(command: ArgumentParser, content: str) -> None:
    command.add_argument('source', type=Path, help=content)


def _out(command: ArgumentParser, folder: str) -> None:
    command.add_argument('--out', type=Path, default=Path(folder), help='folder to create')


def _tile(command: ArgumentParser) -> None:
    command.add_argument('--tile', type=int, default=512, help='side of a tile in pixels')

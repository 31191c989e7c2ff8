"""The sub-commands of prepare_dataset.py: one function a source, named like its module.

The function's docstring is the help; its arguments are those of the module's ``prepare``, which
fills in what is suppressed here. Nothing of the package is imported, so that ``--help`` answers at
once.
"""

from argparse import SUPPRESS, ArgumentParser
from pathlib import Path

from scene_arguments import bands, nodata


def grass(command: ArgumentParser) -> None:
    """Grass cover: the published archive, or raw tiles with LabelMe polygons."""
    _source(command, 'folder with img_dir and ann_dir, or with .tif and .json')
    _out(command, 'data/grass')
    command.add_argument(
        '--official',
        action='store_true',
        help='raw tiles: pixels without label count as class 0, as the authors had them',
    )
    command.add_argument(
        '--seed', type=int, default=42, help='raw tiles: another seed, another division'
    )


def l8_biome(command: ArgumentParser) -> None:
    """Landsat 8 clouds: the 96 scenes as USGS publishes them, or the sample of tiles."""
    _source(command, 'folder with LC8*/ scenes, or with {train,val,test}/{Images,Masks}')
    command.add_argument(
        '--out',
        type=Path,
        default=SUPPRESS,
        help='folder to create; default: data/l8_biome, with _sample and _8band as they apply',
    )
    command.add_argument(
        '--bands', choices=['rgb', 'all'], default='rgb', help='8-bit PNG, or 16-bit GeoTIFF'
    )
    command.add_argument(
        '--stretch',
        default='minmax',
        metavar='minmax|LOW,HIGH',
        help='RGB: by each tile, as the authors did; or from these reflectances, such as 0,0.4',
    )
    command.add_argument(
        '--tile',
        type=int,
        default=SUPPRESS,
        help='scenes: side of a tile in pixels; default: 512',
    )
    command.add_argument(
        '--splits',
        type=Path,
        default=SUPPRESS,
        help='scenes: YAML with lists of scenes as train, val and test; default: 60:20:20 by biome',
    )
    command.add_argument(
        '--seed', type=int, default=0, help='scenes: another seed, another division'
    )


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


def rasters(command: ArgumentParser) -> None:
    """Any images with rasters, polygons or annotations, tiled; scenes nearby stay in one split."""
    command.add_argument(
        'images',
        type=Path,
        help='folder, with sub-folders, of what GDAL reads, or one file or sub-dataset',
    )
    command.add_argument(
        '--labels',
        type=Path,
        required=True,
        help='folder with label rasters at the same places, polygons, or what an annotation tool '
        'wrote; or one file',
    )
    command.add_argument(
        '--classes', type=Path, required=True, help='YAML: {classes: {NAME: {labels: [1, 2]}}}'
    )
    _out(command, 'data/mine')
    command.add_argument(
        '--unlabelled',
        type=Path,
        default=SUPPRESS,
        metavar='FOLDER',
        help='more images, without labels, for a teacher to explain',
    )
    command.add_argument(
        '--class-field', default=SUPPRESS, help='field that holds the labels of polygons'
    )
    command.add_argument(
        '--label-format',
        default=SUPPRESS,
        metavar='FORMAT',
        help='raster, labelme, coco, yolo, cvat or label_studio; default: told by what is there',
    )
    for kind in ('image', 'label'):
        command.add_argument(
            f'--{kind}-name',
            default=SUPPRESS,
            metavar='PATTERN',
            help=f"what names of {kind} rasters look like, such as '*_{kind}'; * is what pairs",
        )
    command.add_argument(
        '--layer', default=SUPPRESS, help='layer of the polygons; default: the only one there is'
    )
    command.add_argument(
        '--where',
        default=SUPPRESS,
        metavar='EXPRESSION',
        help="polygons that count, in OGR's SQL, such as \"year = 2024 AND use <> 'road'\"",
    )
    command.add_argument(
        '--buffer',
        type=float,
        default=SUPPRESS,
        metavar='METRES',
        help='makes areas of lines and points, which are refused otherwise',
    )
    command.add_argument(
        '--label-suffix',
        dest='label_name',
        type='*{}'.format,
        default=SUPPRESS,
        metavar='SUFFIX',
        help="the same as --label-name '*SUFFIX'",
    )
    _tile(command)
    command.add_argument('--overlap', type=int, default=0, help='pixels that tiles share at least')
    command.add_argument(
        '--split',
        default='scene',
        metavar='scene|block|FILE.yaml',
        help='whole scenes, blocks of them, or YAML with lists of scenes as train, val and test',
    )
    command.add_argument(
        '--group',
        default=SUPPRESS,
        metavar='REGEX',
        help='what names of neighbouring scenes have in common, which stay together; default: '
        'guessed by running numbers where scenes carry no georeference',
    )
    for split in ('val', 'test'):
        command.add_argument(f'--{split}', type=float, default=0.15, help=f'share of {split}')
    command.add_argument('--seed', type=int, default=0, help='another seed, another division')
    command.add_argument(
        '--block', type=int, default=SUPPRESS, help='side of a block in pixels; default: four tiles'
    )
    command.add_argument(
        '--guard',
        type=int,
        default=SUPPRESS,
        help='pixels between different splits, 0 lets them touch; default: one tile',
    )
    command.add_argument(
        '--bands', type=bands, default=SUPPRESS, help='bands to keep, such as 4,3,2'
    )
    command.add_argument(
        '--nodata',
        type=nodata,
        default=SUPPRESS,
        metavar='VALUE|any',
        help='which pixels are empty: of this value in all bands, or with the nodata value in any; '
        "default: by the file's mask",
    )
    command.add_argument(
        '--rgb', type=bands, default=SUPPRESS, help='three bands to write as 8-bit RGB'
    )
    command.add_argument(
        '--stretch',
        default=SUPPRESS,
        metavar='LOW,HIGH',
        help="of --rgb: values that become black and white, or percentiles as '2%%,98%%'",
    )


SOURCES = (grass, l8_biome, rasters, dubai, synthetic)


def _source(command: ArgumentParser, content: str) -> None:
    command.add_argument('source', type=Path, help=content)


def _out(command: ArgumentParser, folder: str) -> None:
    command.add_argument('--out', type=Path, default=Path(folder), help='folder to create')


def _tile(command: ArgumentParser) -> None:
    command.add_argument('--tile', type=int, default=512, help='side of a tile in pixels')

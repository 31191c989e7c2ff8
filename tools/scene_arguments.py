"""The command line of predict_scene.py."""

import argparse
from pathlib import Path

from worker_arguments import add_workers

EXPORTS = ('.onnx', '.xml')


def parse_args() -> argparse.Namespace:
    """Read the command line; ``checkpoint`` is None for an exported model."""
    parser = argparse.ArgumentParser(
        description='Map whole scenes of any size with a trained model.',
        usage='%(prog)s CONFIG CHECKPOINT SCENE [SCENE ...] --out DIR [options]\n'
        '       %(prog)s MODEL.onnx|MODEL.xml SCENE [SCENE ...] --out DIR [options]',
        epilog='A run that was ended goes on when the command is repeated, and leaves finished '
        'scenes as they are. Workers share scenes, and the strips of large ones.',
    )
    parser.add_argument('model', type=Path, metavar='CONFIG', help='or an exported model')
    parser.add_argument(
        'scenes',
        nargs='+',
        metavar='CHECKPOINT SCENE',
        help='weights, if there is a config; then rasters, folders and sub-folders, globs, '
        'GDAL names of sub-datasets, .txt files with one of these a line, or STAC items '
        'or item collections (.json)',
    )
    parser.add_argument('--out', type=Path, required=True, metavar='DIR', help='folder of maps')
    parser.add_argument('--asset', metavar='KEY', help='asset of STAC items that is the scene')
    parser.add_argument(
        '--reference', type=Path, metavar='MASK', help='true labels, or a folder of them by name'
    )
    parser.add_argument(
        '--classes',
        type=Path,
        metavar='YAML',
        help="what the references' values or colours mean, as for prepare_dataset.py rasters; "
        "default: the model's labels",
    )
    _add_model(parser.add_argument_group('model'))
    _add_products(parser.add_argument_group('products besides the map and its JSON summary'))
    add_workers(parser.add_argument_group('who works'))
    args = parser.parse_intermixed_args()
    args.checkpoint = None if args.model.suffix in EXPORTS else Path(args.scenes.pop(0))
    if args.classes and not args.reference:
        parser.error('--classes expects --reference')
    if not args.scenes:
        parser.error(f'expected scenes behind {args.checkpoint}, got none')
    return args


def _add_model(group: argparse._ArgumentGroup) -> None:
    group.add_argument('--bands', type=bands, help='from 1, such as 4,3,2; default: as in training')
    group.add_argument(
        '--nodata',
        type=nodata,
        metavar='VALUE|any',
        help='which pixels are empty: of this value in all bands, or with the nodata value in any; '
        "default: as in training, or the file's mask",
    )
    group.add_argument(
        '--gsd',
        type=gsd,
        metavar='METRES|trained',
        help='let the model see pixels that measure so much on the ground, or what it was trained '
        'on; the map has the pixels of the scene; default: the scene as it is',
    )
    group.add_argument(
        '--window', type=int, metavar='PIXELS', help='side of a window; default: as in training'
    )
    group.add_argument(
        '--overlap', type=int, metavar='PIXELS', help='of windows; default: a quarter of one'
    )
    group.add_argument(
        '--batch-size', type=int, default=8, metavar='N', help='windows at once; default: 8'
    )
    group.add_argument(
        '--min-confidence',
        type=float,
        default=0,
        metavar='P',
        help='pixels of which the model is less sure have no label (255); 0 to 1, default: 0',
    )
    group.add_argument('--tta', action='store_true', help='average over mirror images, 4 x slower')
    group.add_argument('--amp', choices=['bf16', 'fp16'], help='half precision; fp16 needs a GPU')
    group.add_argument('--compile', action='store_true', help='by torch.compile, where it works')
    group.add_argument('--device', help='such as cpu or cuda:1; default: what the machine has')


def _add_products(group: argparse._ArgumentGroup) -> None:
    group.add_argument('--confidence', action='store_true', help='probability of the class')
    group.add_argument(
        '--probabilities', choices=['uint8', 'uint16'], help='those of all classes, scaled'
    )
    group.add_argument('--polygons', action='store_true', help='GeoPackage of areas of one class')
    group.add_argument('--min-area', type=float, default=0, help='smaller polygons are left out')
    group.add_argument(
        '--simplify', type=float, default=1, metavar='PIXELS', help='of polygons; default: 1'
    )
    group.add_argument('--quicklook', action='store_true', help='picture with legend')
    group.add_argument(
        '--stac',
        nargs='?',
        const='',
        metavar='WHEN',
        help='STAC item; when the scenes were taken, such as 2024-05-31, 2024-05-31T10:20:30Z or '
        'START/END, which STAC items of scenes say themselves',
    )


def bands(text: str) -> list[int]:
    """Split numbers at commas."""
    return [int(number) for number in text.split(',')]


def nodata(text: str) -> str | float:
    """Return a number, or the word that stands for a rule."""
    return text if text == 'any' else float(text)


def gsd(text: str) -> str | float:
    """Return a number of metres, or the word that stands for that of training."""
    return text if text == 'trained' else float(text)

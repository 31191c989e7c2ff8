"""Export a trained model for other runtimes; a file is kept only if it agrees with PyTorch."""

import argparse
from pathlib import Path

FORMATS = ('onnx', 'openvino')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='What a file expects and holds stands in its card, FILE.json. It takes batches, and '
        'images, of any size from the stride of the network on (mostly 32 pixels) unless told '
        'otherwise.',
    )
    add = parser.add_argument
    add('config', type=Path, metavar='CONFIG', help='config that trained the model')
    add('checkpoint', type=Path, metavar='CHECKPOINT', help='its weights')
    add('--format', nargs='+', choices=FORMATS, required=True, help='what to write')
    add('--out', type=Path, required=True, metavar='DIR', help='folder of the files')
    add('--preprocess', action='store_true', help='take stored values: fill and normalise inside')
    add('--postprocess', choices=['probabilities', 'labels'], default='logits',
        help="give these at the image's size; default: the decoder's logits")  # fmt: skip
    add('--opset', type=int, default=17, metavar='N', help="version of ONNX's operators, 14 to 20")
    add('--size', type=int, nargs=2, metavar=('H', 'W'), help='take images of this size only')
    add('--tiles', nargs='+', default=(), metavar='TILES', help='rasters or folders to compare on '
        'too; --int8 is calibrated on them')  # fmt: skip
    add('--int8', action='store_true', help='also write each format in 8-bit integers')
    add('--reference', type=Path, nargs=2, metavar=('TILES', 'MASKS'), help='labelled tiles: what '
        '--int8 costs in mIoU')  # fmt: skip
    add('--stac', action='store_true', help='a STAC item of the model beside each, FILE.stac.json')
    args = parser.parse_args()
    if args.int8 and not (args.tiles and args.reference):
        parser.error('--int8 expects --tiles to calibrate on and --reference to score on')
    if args.reference and not args.int8:
        parser.error('--reference expects --int8')
    if args.size and min(args.size) < 1:
        parser.error(f'expected --size of at least 1 pixel, got {min(args.size)}')
    return args


def main() -> None:
    """Export and print what was kept."""
    args = parse_args()

    # imported only now, so that --help answers at once
    from ktda_mmseg.scenes.export.exporting import export_all
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        for line in export_all(**vars(args)):
            print(line, flush=True)


if __name__ == '__main__':
    main()

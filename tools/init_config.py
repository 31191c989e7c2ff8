"""Write the config of a project of your own, from images and labels to what training takes."""

import argparse
from pathlib import Path

from scene_arguments import bands

PREPARATION = 'tile', 'rgb', 'split', 'unlabelled'  # options that are those of `ktda prepare`


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        usage='%(prog)s CONFIG --images DIR --labels DIR --classes NAME NAME ... [options]\n'
        '       %(prog)s CONFIG --data DIR [--guessed DIR] [--base CONFIG]',
        epilog='Images and labels are prepared first, as `ktda prepare rasters` does, which has '
        'more options: for polygons, overlaps, bands. Its folder is what --data takes. Start all '
        'commands in the same folder.',
    )
    add = parser.add_argument
    add('config', type=Path, metavar='CONFIG', help='file to write, such as mine.py')
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--images', type=Path, metavar='DIR', help='images that GDAL reads')
    source.add_argument('--data', type=Path, metavar='DIR', help='what was prepared already')
    add('--labels', type=Path, metavar='DIR', help='label rasters of the same names')
    add('--classes', nargs='+', metavar='NAME', help='of labels 0, 1 and so on, 255 is ignored; '
        'or a YAML file that says which labels they have')  # fmt: skip
    add('--out', type=Path, metavar='DIR', help='folder to prepare; default: data/CONFIG')
    add('--unlabelled', type=Path, metavar='DIR',
        help='more images, for a trained model to label: the commands are told')  # fmt: skip
    add('--guessed', type=Path, metavar='DIR', help='its maps of them, to train on as well')
    add('--base', metavar='CONFIG', help="the package's config to inherit; default: "
        'ktda/best.py, or a small model for images that are not RGB of 8 bits')  # fmt: skip
    add('--tile', type=int, help='side of a tile in pixels; default: 512')
    add('--rgb', type=bands, metavar='BANDS', help='three bands to take as 8-bit RGB, as 4,3,2')
    add('--split', metavar='scene|block|FILE.yaml',
        help='whole scenes (default), blocks of them, or lists as train, val and test')  # fmt: skip
    args = parser.parse_args()
    if args.images and not (args.labels and args.classes):
        parser.error('--images expects --labels and --classes')
    if args.guessed and not args.data:
        parser.error('--guessed expects --data')
    unused = ('labels', 'classes', 'out', *PREPARATION) if args.data else ()
    for name in unused:
        if getattr(args, name) is not None:
            parser.error(f'--{name} expects --images: --data is what was prepared already')
    return args


def main() -> None:
    """Prepare the data where they are not, write the config and say what comes next."""
    args = parse_args()

    # imported only now, so that --help answers at once
    from ktda_mmseg.scenes.prepare.project import start_project, write_config
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        if args.data:
            print(write_config(args.config, args.data, args.base, args.guessed))
            return
        out = args.out or Path('data', args.config.stem)
        a_file = len(args.classes) == 1 and args.classes[0].endswith(('.yaml', '.yml'))
        classes = Path(args.classes[0]) if a_file else args.classes
        given = {name: getattr(args, name) for name in PREPARATION}
        options = {name: value for name, value in given.items() if value is not None}
        print(
            start_project(args.config, args.images, args.labels, classes, out, args.base, **options)
        )


if __name__ == '__main__':
    main()

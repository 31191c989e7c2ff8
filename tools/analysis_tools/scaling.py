"""Measure how training steps grow with image size, batch, teacher and depth of modulation."""

import argparse
from pathlib import Path


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Configs take flags as in benchmark.py: configs/ktda/grass_fast.py+bf16. Each of '
        'them runs in turn at each value, all else equal. Weights and images are random.',
    )
    parser.add_argument('configs', nargs='+', metavar='CONFIG[+FLAG...]', help='config files')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE', help='JSON; a PNG too')
    parser.add_argument('--batch-size', type=int, default=2, help='images a step (2)')
    parser.add_argument('--side', type=int, default=256, help='side of the images in pixels (256)')
    parser.add_argument('--repeats', type=int, default=3, help='timed steps of each (3)')
    for name, kind in dict(sizes=int, batches=int, teachers=str, depths=int).items():
        parser.add_argument(f'--{name}', type=kind, nargs='+', default=[], help=f'{name} to try')
    args = parser.parse_args()
    numbers = [args.batch_size, args.side, args.repeats, *args.sizes, *args.batches, *args.depths]
    if min(numbers) < 1:
        parser.error(f'expected numbers of at least 1, got {min(numbers)}')
    return args


def main() -> None:
    """Measure, write and draw."""
    args = vars(parse_args())
    from ktda_mmseg.benchmark.scaling import measure_scaling
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        measure_scaling(**args)
        out = args['out']
        print(f'{out} and {out.with_suffix(".png").name} are written')


if __name__ == '__main__':
    main()

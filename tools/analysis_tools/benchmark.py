"""Measure training or inference steps of configs in turn: speed, memory, operations.

A config may be followed by flags: configs/ktda/grass.py+bf16 or +fp16; +compile; +channels_last;
+plain_malloc (memory is taken and given back as without train.py); in training +cached (the
teacher's maps come with the images, as from a cache) or +alone (no teacher). The first config is
what the others are compared with. Weights and images are random.
"""

import argparse
from pathlib import Path

from mmengine.config import DictAction


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('mode', choices=['train', 'infer'], help='which step to measure')
    parser.add_argument('configs', nargs='+', metavar='CONFIG[+FLAG...]', help='config files')
    parser.add_argument('--batch-size', type=int, help="images a step; default: the first config's")
    parser.add_argument(
        '--size', type=int, nargs=2, metavar=('H', 'W'), help="pixels; default: the first config's"
    )
    parser.add_argument('--repeats', type=int, default=5, help='timed steps of each config (5)')
    parser.add_argument('--warm-up', type=int, default=1, help='untimed steps before them (1)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write all that was measured')
    parser.add_argument('--title', default='', help='what it shows, for FILE')
    parser.add_argument(
        '--dataloader', action='store_true', help='also time the data, and say whether they keep up'
    )
    parser.add_argument(
        '--profile', type=Path, metavar='DIR', help='also write traces and where the time goes'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE',
        help='settings to change in every config',
    )  # fmt: skip
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    args = parse_args()
    from ktda_mmseg.benchmark.running import Plan, run
    from ktda_mmseg.engine.launch import clean_errors

    with clean_errors():
        run(Plan(**vars(args)))


if __name__ == '__main__':
    main()

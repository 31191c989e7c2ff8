"""Measure training or inference steps of configs in turn: speed, memory, operations.

A config may be followed by flags: configs/ktda/grass.py+bf16 or +fp16; +compile; +graphs
(compiled, and replayed as CUDA graphs where there is a GPU); +channels_last;
+plain_malloc (memory is taken and given back as without train.py); in training +cached (the
teacher's maps come with the images, as from a cache) or +alone (no teacher). The first config is
what the others are compared with. Weights and images are random.
"""

import argparse
from pathlib import Path

from step_arguments import add_step_arguments


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('mode', choices=['train', 'infer'], help='which step to measure')
    add_step_arguments(parser, 'the first config')
    parser.add_argument('--repeats', type=int, default=5, help='timed steps of each config (5)')
    parser.add_argument('--warm-up', type=int, default=1, help='untimed steps before them (1)')
    parser.add_argument('--title', default='', help='what it shows, for FILE')
    parser.add_argument(
        '--dataloader', action='store_true', help='also time the data, and say whether they keep up'
    )
    parser.add_argument(
        '--profile', type=Path, metavar='DIR', help='also write traces and where the time goes'
    )
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    args = vars(parse_args())
    from ktda_mmseg.benchmark.commands import run_benchmark
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        run_benchmark(**args)


if __name__ == '__main__':
    main()

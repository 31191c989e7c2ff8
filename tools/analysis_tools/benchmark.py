"""Time the predictions of a model on its test set."""

import argparse
import statistics

from mmengine.config import Config

from ktda_mmseg.engine.benchmark import measure_speed
from ktda_mmseg.engine.launch import clean_errors


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', nargs='?', help='checkpoint file; random weights without')
    parser.add_argument('--images', type=int, default=50, help='predictions to time (50)')
    args = parser.parse_args()
    with clean_errors():
        seconds = measure_speed(Config.fromfile(args.config), args.checkpoint, args.images)
    middle = statistics.median(seconds)
    print(
        f'\n{1 / middle:.2f} images/s: median {1000 * middle:.1f} ms, fastest '
        f'{1000 * min(seconds):.1f} ms, slowest {1000 * max(seconds):.1f} ms of {len(seconds)}'
    )


if __name__ == '__main__':
    main()

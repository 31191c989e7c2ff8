"""Time the predictions of a model on its test set, or its training data against its training."""

import argparse
import statistics
from typing import Any

from mmengine.config import Config, DictAction

TRAINING_STEPS = 3


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file; with --dataloader also CONFIG+bf16')
    parser.add_argument('checkpoint', nargs='?', help='checkpoint file; random weights without')
    parser.add_argument('--images', type=int, default=50, help='images to time (50)')
    parser.add_argument(
        '--dataloader',
        action='store_true',
        help='time the data loader alone and by transform, and say whether it keeps up with a '
        'training step on this machine',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='settings to change in the config',
    )
    args = parser.parse_args()
    # late, so that --help is quick
    from ktda_mmseg.engine.launch import clean_errors

    with clean_errors():
        if args.dataloader:
            time_data(args.config, args.cfg_options, args.images)
        else:
            config = Config.fromfile(args.config)
            config.merge_from_dict(args.cfg_options)
            time_predictions(config, args.checkpoint, args.images)


def time_data(config: str, options: dict[str, Any], images: int) -> None:
    """Measure and print the loader, then the training step."""
    from ktda_mmseg.benchmark.candidates import Candidate
    from ktda_mmseg.benchmark.interleave import measure
    from ktda_mmseg.benchmark.loader import compare, measure_loader

    candidate = Candidate.parse(config, options)
    loader = measure_loader(candidate.load(), images)
    (training,) = measure([candidate], 'train', loader.batch_size, repeats=TRAINING_STEPS)
    print(f'\n{loader}\n{compare(loader, training)}')


def time_predictions(config: Config, checkpoint: str | None, images: int) -> None:
    """Measure and print single predictions."""
    from ktda_mmseg.engine.benchmark import measure_speed

    seconds = measure_speed(config, checkpoint, images)
    middle = statistics.median(seconds)
    print(
        f'\n{1 / middle:.2f} images/s: median {1000 * middle:.1f} ms, fastest '
        f'{1000 * min(seconds):.1f} ms, slowest {1000 * max(seconds):.1f} ms of {len(seconds)}'
    )


if __name__ == '__main__':
    main()

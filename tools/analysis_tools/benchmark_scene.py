"""Time the mapping of a whole scene beside mmseg's sliding windows, or look for seams in it.

Both ways map it in turn with the same windows. The scene has to fit into memory, with a score for
each class, since mmseg's way holds it there; this command makes one of 3000 pixels a side:
tools/prepare_dataset.py synthetic --size 3000 --train 1 --val 1 --test 1 --out data/scene
"""

import argparse
from pathlib import Path


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', type=Path, help='config of the model')
    parser.add_argument('checkpoint', type=Path, help='its weights')
    parser.add_argument('scene', type=Path, help='raster')
    parser.add_argument(
        '--overlap', type=int, required=True, metavar='PIXELS', help='of neighbouring windows'
    )
    parser.add_argument('--batch-size', type=int, default=8, help='windows at once (8)')
    parser.add_argument('--repeats', type=int, default=3, help='timed runs of each way (3)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write all that was measured')
    parser.add_argument(
        '--seams', action='store_true', help='do not time, but compare labels at window borders'
    )
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    args = parse_args()
    from ktda_mmseg.benchmark.scene_speed import SceneTask, measure_scene
    from ktda_mmseg.benchmark.seams import measure_seams
    from ktda_mmseg.scenes.map.torch_predictor import TorchPredictor
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        if args.seams:
            predictor = TorchPredictor(args.config, args.checkpoint)
            print(measure_seams(args.scene, predictor, args.overlap, args.batch_size))
            return
        task = SceneTask(args.config, args.checkpoint, args.scene, args.overlap, args.batch_size)
        speed = measure_scene(task, args.repeats)
        print(f'\n{speed}')
        if args.json:
            speed.write(args.json)


if __name__ == '__main__':
    main()

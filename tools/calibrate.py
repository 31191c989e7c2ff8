"""Make confidence true: fit a temperature on the validation split and note it in a checkpoint."""

import argparse
from pathlib import Path


def main() -> None:
    """Calibrate, and print what it changes."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Maps and exported models divide logits by it. Labels stay as they are.',
    )
    parser.add_argument('config', type=Path, metavar='CONFIG', help='config of the model')
    parser.add_argument('checkpoint', type=Path, metavar='CHECKPOINT', help='its weights')
    parser.add_argument(
        '--out', type=Path, metavar='NEW', help='.pth, .pt or .safetensors file to write; '
        'default: CHECKPOINT itself',
    )  # fmt: skip
    args = parser.parse_args()

    # imported only now, so that --help answers at once
    import ktda_mmseg  # noqa: F401
    from ktda_mmseg.engine.calibration import calibrate
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        print(f'\n{calibrate(args.config, args.checkpoint, args.out)}')
        print(f'written: {args.out or args.checkpoint}')


if __name__ == '__main__':
    main()

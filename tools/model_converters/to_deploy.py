"""Write the plain EncoderDecoder of a trained KTDA model: checkpoint and config, no teacher."""

import argparse
import sys
from pathlib import Path


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', metavar='CONFIG', help='config that the model was trained with')
    parser.add_argument('checkpoint', metavar='CHECKPOINT', help='checkpoint that training saved')
    parser.add_argument(
        'out',
        metavar='OUT',
        help='.pth, .pt or .safetensors file to write; the config goes beside it as .py',
    )
    parser.add_argument(
        '--drop-auxiliary', action='store_true', help='leave out the auxiliary decoders'
    )
    parser.add_argument(
        '--allow-pickle', action='store_true', help='unpickle anything: for trusted files only'
    )
    return parser.parse_args()


def main() -> None:
    """Export and print what was written."""
    args = parse_args()
    from ktda_mmseg.checkpoints.deploy import export_deploy

    try:
        conversion = export_deploy(
            args.config, args.checkpoint, args.out, args.drop_auxiliary, args.allow_pickle
        )
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{conversion}\nwrote {args.out} and {Path(args.out).with_suffix(".py")}')


if __name__ == '__main__':
    main()

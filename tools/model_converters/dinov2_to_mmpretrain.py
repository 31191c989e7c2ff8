"""Convert DINOv2 weights (official, timm, transformers) to mmpretrain's VisionTransformer."""

import argparse
import sys


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('source', metavar='SRC', help='.pth, .pt, .bin or .safetensors file')
    parser.add_argument('out', metavar='DST', help='.pth, .pt or .safetensors file to write')
    parser.add_argument(
        '--arch', choices=['small', 'base', 'large', 'giant'], help='refuse any other size'
    )
    parser.add_argument(
        '--allow-pickle', action='store_true', help='unpickle anything: for trusted files only'
    )
    return parser.parse_args()


def main() -> None:
    """Convert and print what matched."""
    args = parse_args()
    from ktda_mmseg.checkpoints.converting import convert_backbone_file
    from ktda_mmseg.checkpoints.dinov2 import dinov2_to_mmpretrain

    try:
        print(
            convert_backbone_file(
                args.source, args.out, dinov2_to_mmpretrain, args.arch, args.allow_pickle
            )
        )
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()

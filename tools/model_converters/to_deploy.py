"""Write the plain EncoderDecoder of a trained KTDA model, without the teacher.

The config of that model goes beside the checkpoint, with the suffix .py.
"""

import argparse

from front import add_allow_pickle, report  # type: ignore[import-not-found]


def main() -> None:
    """Export and print what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', metavar='CONFIG', help='config that the model was trained with')
    parser.add_argument('checkpoint', metavar='CHECKPOINT', help='what training saved')
    parser.add_argument('out', metavar='OUT', help='.pth, .pt or .safetensors file to write')
    parser.add_argument('--drop-auxiliary', action='store_true', help='no auxiliary decoders')
    parser.add_argument('--half', action='store_true', help='store kernels in half precision')
    add_allow_pickle(parser)
    args = parser.parse_args()
    from ktda_mmseg.checkpoints.deploy import export_deploy

    report(
        export_deploy,
        args.config,
        args.checkpoint,
        args.out,
        args.drop_auxiliary,
        args.allow_pickle,
        args.half,
    )


if __name__ == '__main__':
    main()

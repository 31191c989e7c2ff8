"""Serve a web page where a person drops an image, picks a model and downloads the map."""

import argparse
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line, load the models and serve."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Whoever reaches the address can use the page: it has no login. Uploads and maps '
        'lie in a temporary folder (of TMPDIR) until the page is left, at most 15 minutes.',
    )
    parser.add_argument('config', help='config of the model, or an exported .onnx or .xml file')
    parser.add_argument('checkpoint', nargs='?', help='weights, with a config only')
    parser.add_argument(
        '--model',
        nargs='+',
        action='append',
        default=[],
        metavar=('NAME', 'MODEL'),
        help='another one: what the page calls it, config and weights, or the exported file',
    )
    parser.add_argument('--device', help='such as cpu or cuda:0; default: what the machine has')
    parser.add_argument('--host', default='127.0.0.1', help='default: %(default)s, this machine')
    parser.add_argument('--port', type=int, default=8000, help='default: %(default)s; 0: any free')
    parser.add_argument(
        '--max-upload', type=int, default=500, metavar='MB', help='default: %(default)s'
    )
    parser.add_argument(
        '--max-pixels', type=int, default=150_000_000, metavar='N', help='default: %(default)s'
    )
    args = parser.parse_args(argv)
    if min(args.max_upload, args.max_pixels) < 1:
        parser.error('expected --max-upload and --max-pixels of at least 1')

    # imported only now, so that --help answers at once
    from pathlib import Path

    from ktda_mmseg.scenes.predictors import load_named
    from ktda_mmseg.utils.errors import clean_errors

    own = filter(None, (Path(args.config).stem, args.config, args.checkpoint))
    with clean_errors():
        from ktda_mmseg.scenes.serve.jobs import Limits
        from ktda_mmseg.scenes.serve.server import serve

        models = load_named([[*own], *args.model], args.device)
        limits = Limits(upload=args.max_upload * 1_000_000, pixels=args.max_pixels)
        serve(models, args.host, args.port, limits)


if __name__ == '__main__':
    main()

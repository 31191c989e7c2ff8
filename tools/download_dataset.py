"""Download a published data set, verify it and unpack it."""

import argparse
from collections.abc import Sequence
from pathlib import Path


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; its arguments are those of the package's ``download``."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog='The same command goes on where an earlier run was stopped.'
    )
    parser.add_argument(
        'name',
        choices=['grass', 'cloud', 'l8_biome_sample', 'dubai'],
        help="the set; grass and cloud (180 MB, 2.8 GB) are the authors' own, CC BY-NC 4.0",
    )
    parser.add_argument('--out', type=Path, help='folder to create; default: under data/')
    mirror = parser.add_mutually_exclusive_group()
    mirror.add_argument('--url', default='', help='fetch the archive from this address instead')
    mirror.add_argument(
        '--root',
        default='',
        help="mirror of the publisher's server, such as https://hub.example.org",
    )
    parser.add_argument(
        '--keep-archive', action='store_true', help='leave the archive beside the folder'
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Download one set and say what to do next."""
    arguments = vars(parse_args(argv))
    # imported only now, so that --help answers at once
    from ktda_mmseg.scenes.download.download import download
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        print(download(**arguments))


if __name__ == '__main__':
    main()

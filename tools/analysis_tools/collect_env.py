"""Write where measurements are made: device, driver, compilers, packages and their versions."""

import argparse
from pathlib import Path


def main() -> None:
    """Parse the command line, look and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path, metavar='FILE', help='write it there, too')
    path = parser.parse_args().json

    from ktda_mmseg.benchmark.machine import environment
    from ktda_mmseg.utils.errors import clean_errors
    from ktda_mmseg.utils.files import json_text, write_json

    with clean_errors():
        found = environment()
        print(json_text(found, indent=1))
        if path:
            write_json(path, found, indent=1)


if __name__ == '__main__':
    main()

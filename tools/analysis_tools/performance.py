"""Write docs/performance.md from the measurements in docs/performance/."""

import argparse
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / 'docs'


def main() -> None:
    """Parse the command line and write."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='They are made by benchmark.py --json docs/performance/NAME.json --title TITLE, by '
        'scaling.py --out docs/performance/scaling/NAME.json, and by benchmark_scene.py --json '
        'docs/performance/scenes/NAME.json.',
    )
    parser.add_argument('--docs', type=Path, default=DOCS, help='folder to read and to write')
    folder = parser.parse_args().docs

    from ktda_mmseg.benchmark.document import render
    from ktda_mmseg.utils.errors import clean_errors
    from ktda_mmseg.utils.files import write_atomic

    with clean_errors():
        write_atomic(folder / 'performance.md', render(folder / 'performance').encode())


if __name__ == '__main__':
    main()

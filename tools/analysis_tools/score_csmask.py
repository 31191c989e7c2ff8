"""Score the cloud masks of ukis-csmask on Landsat tiles, over clear, cloud shadow and any cloud."""

import argparse
from pathlib import Path


def main() -> None:
    """Parse the command line, score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add('data', type=Path, metavar='DATA', help='made by prepare_dataset.py l8_biome --bands all')
    add('--splits', nargs='+', default=['test', 'val'], metavar='NAME', help='test val by default')
    add('--out', type=Path, metavar='FILE', help='write the scores to this JSON file as well')
    add('--rows', type=Path, metavar='FOLDER',
        help='print the rows of a study beside it, scored alike: '
        'docs/results/l8_biome_sample/l8_biome_sample')  # fmt: skip
    args = parser.parse_args()

    # imported only now, so that --help answers at once
    import ktda_mmseg  # noqa: F401
    from ktda_mmseg.studies.csmask import merged_rows, score_csmask, table
    from ktda_mmseg.utils.errors import clean_errors
    from ktda_mmseg.utils.files import write_json

    with clean_errors():
        rows = merged_rows(args.rows) if args.rows else {}
        content = score_csmask(args.data, args.splits)
        if args.out:
            write_json(args.out, content, indent=1)
        print(table(content, rows))


if __name__ == '__main__':
    main()

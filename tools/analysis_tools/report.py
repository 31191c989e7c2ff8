"""Write pictures of what a trained model does on its test set."""

import argparse
from pathlib import Path


def main() -> None:
    """Parse the command line, write the report and print its mIoU and path."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file of the run')
    parser.add_argument('checkpoint', help='checkpoint file to show')
    parser.add_argument('--work-dir', type=Path, required=True, help='where the run left its logs')
    parser.add_argument('--out', type=Path, help='folder to write to; default: WORK_DIR/report')
    parser.add_argument('--images', type=int, default=6, help='images to show (default: 6)')
    args = parser.parse_args()
    if args.images < 1:
        parser.error(f'expected --images of at least 1, got {args.images}')
    out = args.out or args.work_dir / 'report'

    # imported only now, so that --help answers at once
    from mmengine.config import Config

    from ktda_mmseg.studies.report import write_report
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        config = Config.fromfile(args.config)
        metrics = write_report(config, args.checkpoint, args.work_dir, out, args.images)
        print(f'\nmIoU {metrics["mIoU"]:.2f} %\nreport {out}/index.html')


if __name__ == '__main__':
    main()

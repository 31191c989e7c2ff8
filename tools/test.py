"""Test a checkpoint and print its scores."""

from run_arguments import create_parser, parse


def main() -> None:
    """Check the command line, then leave the work to the script that mmseg ships."""
    parser = create_parser(__doc__)
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', metavar='DIR', help='folder for the predicted label images')
    parser.add_argument('--show', action='store_true', help='show predictions in a window')
    parser.add_argument('--show-dir', metavar='DIR', help='folder for pictures of the predictions')
    parser.add_argument('--wait-time', type=float, default=2, help='seconds a window stays (2)')
    parser.add_argument('--tta', action='store_true', help='average over scaled and flipped copies')
    args = parse(parser, 'config', 'checkpoint')

    from mmengine.config import Config

    from ktda_mmseg.datasets.requirements import require_data
    from ktda_mmseg.engine.launch import start_cpu_group
    from ktda_mmseg.engine.mmseg_tools import run_mmseg_tool
    from ktda_mmseg.engine.run_config import score_confidence
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        config = Config.fromfile(args.config)
        config.merge_from_dict(args.cfg_options)
        require_data(config, ['test'])
        added = {**start_cpu_group(args.launcher), **score_confidence(config)}
        options = [f'{key}={value}' for key, value in added.items()]
        run_mmseg_tool('test', *(['--cfg-options', *options] if options else []))


if __name__ == '__main__':
    main()

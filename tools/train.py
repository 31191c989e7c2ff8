"""Train a model."""

from run_arguments import create_parser, parse


def main() -> None:
    """Parse the command line, complete the config and train."""
    parser = create_parser(__doc__)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='',
        metavar='FILE',
        help='go on from this checkpoint; without FILE from the latest one in the work dir',
    )
    parser.add_argument(
        '--amp',
        nargs='?',
        const='bf16',
        choices=['bf16', 'fp16'],
        help='train in mixed precision: bf16 (default), also on CPUs, or fp16 on a GPU without it',
    )
    parser.add_argument(
        '--compile',
        action='store_true',
        help='compile student, teacher, pyramid and modulation; where that does not work, a '
        'warning says so and training goes on without',
    )
    parser.add_argument(
        '--channels-last',
        action='store_true',
        help="lay out feature maps in PyTorch's channels_last memory format; faster for small "
        'convolutional networks on CPUs',
    )
    args = parse(parser, 'config', 'resume')

    from mmengine.config import Config
    from mmengine.device import get_device
    from mmengine.model import revert_sync_batchnorm
    from mmengine.runner import Runner
    from mmseg.registry import MODELS, RUNNERS
    from torch.nn import Module

    from ktda_mmseg.checkpoints.presence import require_weights
    from ktda_mmseg.engine.launch import start_cpu_group
    from ktda_mmseg.engine.mixed_precision import use_mixed_precision
    from ktda_mmseg.engine.run_config import (
        add_hooks,
        leave_out_validation,
        resume_from,
        set_work_dir,
        shorten_warm_up,
    )
    from ktda_mmseg.engine.transfer_stage import expect_unused_parameters
    from ktda_mmseg.utils.errors import clean_errors

    with clean_errors():
        config = Config.fromfile(args.config)
        config.launcher = args.launcher
        config.merge_from_dict({**start_cpu_group(args.launcher), **args.cfg_options})
        leave_out_validation(config)
        shorten_warm_up(config)
        set_work_dir(config, args.work_dir)
        if args.amp:
            use_mixed_precision(config, args.amp)
        add_hooks(config, compiled=args.compile, channels_last=args.channels_last)
        if args.launcher != 'none':
            expect_unused_parameters(config)
        if args.resume is not None:
            resume_from(config, args.resume or None)
        require_weights(config, 'model', 'load_from')
        runner = RUNNERS.build(config) if 'runner_type' in config else Runner.from_cfg(config)
        if get_device() == 'cpu':
            # SyncBN trains on GPUs only; a FlexibleRunner has not built the model yet
            built = runner.model if isinstance(runner.model, Module) else MODELS.build(runner.model)
            runner.model = revert_sync_batchnorm(built)
        runner.train()


if __name__ == '__main__':
    main()

"""Compute the maps of a frozen teacher once, so that training reads them from disk."""

import argparse

from run_arguments import add_cfg_options
from worker_arguments import add_workers


def main() -> None:
    """Parse the command line, compute and say what it cost."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='LoadTeacherMaps in the training pipeline of CONFIG names the folder. What is there '
        'is kept when a run is repeated.',
    )
    parser.add_argument('config', help='config file, such as configs/ktda/grass_cached.py')
    add_cfg_options(parser)
    parser.add_argument(
        '--amp',
        action='store_true',
        help="compute the teachers' products in bfloat16: faster where the processor has it",
    )
    parser.add_argument('--overwrite', action='store_true', help='replace a cache of other images')
    add_workers(parser)
    args = parser.parse_args()

    # imported only now, so that --help answers at once
    from mmengine.config import Config

    from ktda_mmseg.caching.build import build_caches, describe
    from ktda_mmseg.engine.allocator import reduce_page_faults
    from ktda_mmseg.utils.errors import clean_errors
    from ktda_mmseg.utils.workers import Workers

    with clean_errors():
        reduce_page_faults()
        config = Config.fromfile(args.config)
        config.merge_from_dict(args.cfg_options)
        import torch  # behind the package, which says how threads wait

        dtype = torch.bfloat16 if args.amp else None
        workers = Workers(args.workers, args.cluster)
        for cache in build_caches(config, dtype=dtype, overwrite=args.overwrite, workers=workers):
            print(f'\n{describe(cache)}')


if __name__ == '__main__':
    main()

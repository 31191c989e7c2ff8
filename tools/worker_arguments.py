"""Command-line arguments of the tools whose work can be shared: who does it."""

from argparse import SUPPRESS, ArgumentParser, _ArgumentGroup

CLUSTER = (
    'let the workers of a Dask cluster do it: address of its scheduler, such as tcp://host:8786, '
    'or path of its scheduler file'
)


def add_workers(parser: ArgumentParser | _ArgumentGroup) -> None:
    """Add ``--workers`` and ``--cluster``."""
    # not told by a formatter that tells defaults
    parser.set_defaults(workers=None, cluster=None)
    parser.add_argument(
        '--workers',
        type=int,
        default=SUPPRESS,
        metavar='N',
        help='processes that share the work, each with one thread and, where a model runs on GPUs, '
        'one of them; default: this process with its threads, or one a GPU',
    )
    parser.add_argument('--cluster', default=SUPPRESS, metavar='SCHEDULER', help=CLUSTER)

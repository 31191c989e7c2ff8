"""Command-line arguments of the tools whose work can be shared: who does it."""

from argparse import ArgumentParser, _ArgumentGroup

CLUSTER = (
    'let the workers of a Dask cluster do it: address of its scheduler, such as tcp://host:8786, '
    'or path of its scheduler file'
)


def add_workers(parser: ArgumentParser | _ArgumentGroup, name: str = '--workers') -> None:
    """Add the number of processes, by this name, and ``--cluster``."""
    parser.add_argument(
        name,
        type=int,
        default=None,
        metavar='N',
        help='processes that share the work, each with one thread and, where there are GPUs, one '
        'of them; by default as many as there are GPUs, else this one alone with its threads',
    )
    parser.add_argument('--cluster', default=None, metavar='SCHEDULER', help=CLUSTER)

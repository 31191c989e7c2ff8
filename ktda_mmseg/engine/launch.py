"""What starting a run needs beyond mmengine: processes without a GPU, errors in one line."""

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmengine.dist import init_dist
from mmengine.registry import build_functions
from torch import distributed

PACKAGE = Path(__file__).resolve().parents[1]


def start_cpu_group(launcher: str) -> dict[str, Any]:
    """Join the processes of a launcher through gloo on a machine without a GPU.

    mmengine can only do so with a GPU, but leaves a group alone that exists already.

    Args:
        launcher (str): ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.

    Returns:
        dict: Options to merge into the config, empty where mmengine needs no help.

    Raises:
        ValueError: If ``'pytorch'`` is asked for outside torchrun, or another launcher without a
            GPU.
    """
    if launcher == 'pytorch' and 'RANK' not in os.environ:
        raise ValueError('launcher pytorch expects to be started by torchrun, got a plain process')
    if launcher == 'none' or get_device() != 'cpu':
        return {}
    if launcher != 'pytorch':
        raise ValueError(f'expected launcher pytorch on a machine without a GPU, got {launcher}')
    distributed.init_process_group('gloo')
    # mmengine's default wrapper names a GPU
    return {
        'model_wrapper_cfg.type': 'MMDistributedDataParallel',
        'model_wrapper_cfg.device_ids': None,
        'model_wrapper_cfg.broadcast_buffers': False,
    }


def join_group(launcher: str) -> None:
    """Join the processes of a launcher, on GPUs or CPUs, where no runner does it.

    Args:
        launcher (str): ``'none'`` for a single process, or ``'pytorch'``.

    Raises:
        ValueError: As :func:`start_cpu_group`.
    """
    if launcher != 'none' and not start_cpu_group(launcher):
        init_dist(launcher)


@contextlib.contextmanager
def clean_errors() -> Iterator[None]:
    """End the program with one line where the user, not the program, has something to mend.

    That is a missing file, a ``ValueError``, ``OSError`` or ``ImportError`` that this package
    raises, and a config from which mmengine cannot build. With ``KTDA_TRACEBACK=1`` in the
    environment the traceback is shown all the same.

    Raises:
        SystemExit: With the message of such an error.
    """
    try:
        yield
    except (ValueError, OSError, ImportError, TypeError, KeyError) as error:
        if os.environ.get('KTDA_TRACEBACK') == '1' or not _is_of_user(error):
            raise
        sys.exit(f'error: {_message(error)}\n(KTDA_TRACEBACK=1 shows where it was raised)')


def _is_of_user(error: Exception) -> bool:
    # an error of a class of ours may come from a worker, without our frames
    if isinstance(error, FileNotFoundError) or type(error).__module__.startswith('ktda_mmseg.'):
        return True
    raised_in = _raised_in(error)
    if isinstance(error, (TypeError, KeyError)):
        return raised_in == build_functions.__file__
    return raised_in.startswith(f'{PACKAGE}{os.sep}')


def _raised_in(error: Exception) -> str:
    if _comes_from_worker(error):
        frames = [line for line in str(error).splitlines() if line.startswith('  File "')]
        return frames[-1].split('"')[1]
    return traceback.extract_tb(error.__traceback__)[-1].filename


def _message(error: Exception) -> str:
    if _comes_from_worker(error):
        return str(error).splitlines()[-1].partition(': ')[2]
    # str() of a KeyError is quoted
    return error.args[0] if isinstance(error, KeyError) else str(error)


def _comes_from_worker(error: Exception) -> bool:
    # a loader's worker hands on its whole traceback as the message
    return str(error).startswith('Caught ') and '\nOriginal Traceback ' in str(error)

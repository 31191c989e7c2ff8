"""What starting a run needs beyond mmengine: processes without a GPU."""

import os
from typing import Any

from mmengine.device import get_device
from torch import distributed


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

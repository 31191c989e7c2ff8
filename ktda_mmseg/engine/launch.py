"""What starting a run needs beyond mmengine: processes without a GPU."""

import os
from typing import Any

from mmengine.device import get_device
from mmengine.model import MMDistributedDataParallel, revert_sync_batchnorm
from mmseg.registry import MODEL_WRAPPERS
from torch import distributed, nn


@MODEL_WRAPPERS.register_module()
class CPUDistributedDataParallel(MMDistributedDataParallel):
    """Several processes without a GPU, where a batch norm over all of them does not work.

    Batch statistics are those of each process, as with ``BN``.

    Args:
        module (nn.Module): The model, changed in place.
        **kwargs: Other arguments of ``MMDistributedDataParallel``.
    """

    def __init__(self, module: nn.Module, **kwargs: Any) -> None:  # noqa: ANN401
        # mmengine names a GPU if nobody else does
        kwargs.update(device_ids=None, broadcast_buffers=False)
        super().__init__(revert_sync_batchnorm(module), **kwargs)


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
    return {'model_wrapper_cfg.type': 'mmseg.CPUDistributedDataParallel'}

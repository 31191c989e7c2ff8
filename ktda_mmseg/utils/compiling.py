"""`torch.compile` for the parts of a model that gain from it, where the machine can compile."""

import logging

import numpy as np
import torch
from mmengine.device import get_device
from mmengine.logging import print_log
from mmengine.model import BaseModel
from torch import nn


def compile_parts(model: BaseModel, dynamic: bool | None = False, mode: str | None = None) -> None:
    """Compile student, teacher, pyramid and modulation in place, or say why not and go on.

    Losses and decoders stay as they are: they hold data-dependent control flow. ``mode`` is that
    of ``torch.compile``, of which 'reduce-overhead' records CUDA graphs.
    """
    try:
        torch.compile(torch.neg)(torch.zeros(1, device=get_device()))
    except Exception as error:  # compilers and backends raise types of their own
        reason = str(error).strip().splitlines()[0]
        print_log(
            f'torch.compile does not work on this machine, going on without: {reason}',
            logger='current',
            level=logging.WARNING,
        )
        return
    for part in _parts(model):
        _use_plain_numbers(part)
        part.compile(dynamic=dynamic, mode=mode)


def _use_plain_numbers(part: nn.Module) -> None:
    """Turn NumPy's numbers into Python's, since graphs break where code asks what they are.

    mmpretrain's transformers keep the rate of each DropPath so.
    """
    for module in part.modules():
        for name, value in [*vars(module).items()]:
            if isinstance(value, np.generic):
                setattr(module, name, value.item())


def _parts(model: BaseModel) -> list[nn.Module]:
    head = model.decode_head
    teacher = getattr(model, 'teacher', None)
    # several teachers are called one by one
    teachers = [] if teacher is None else getattr(teacher, 'members', [teacher])
    parts = [
        model.backbone,
        *(one.backbone for one in teachers),
        getattr(head, 'pyramid', None),
        getattr(head, 'modulation', None),
    ]
    return [part for part in parts if part is not None]

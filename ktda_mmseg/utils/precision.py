"""bfloat16 on a CPU, which is quicker than float32 only where the processor has it."""

import logging
import time
from functools import cache

import torch
from mmengine.device import get_device
from mmengine.logging import print_log

SLOWER = 1.5  # times as long, below which nothing is said: products are not all of a step


def warn_if_bfloat16_is_slower(device: str | None = None) -> None:
    """Log a warning if the device, None for the machine's, is a CPU that float32 is quicker on."""
    if (device or get_device()) != 'cpu':
        return
    factor = bfloat16_time()
    if factor > SLOWER:
        print_log(
            f'bfloat16 takes {factor:.1f} times as long as float32 on this processor, which has '
            'no instructions for it: leave it out (--amp, BFloat16OptimWrapper)',
            'current',
            logging.WARNING,
        )


@cache
def bfloat16_time(side: int = 256) -> float:
    """Measure how long a product of matrices takes in bfloat16, in times of float32.

    PyTorch computes without the instructions, too, tens of times as slowly. Each counts with the
    quickest of five, by turns, since other processes may take the core away.
    """
    quickest: dict[torch.dtype, float] = {}
    for _ in range(5):
        for dtype in (torch.float32, torch.bfloat16):
            matrix = torch.ones(side, side, dtype=dtype)
            start = time.perf_counter()
            matrix @ matrix
            seconds = time.perf_counter() - start
            quickest[dtype] = min(seconds, quickest.get(dtype, seconds))
    return quickest[torch.bfloat16] / quickest[torch.float32]

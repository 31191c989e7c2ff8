"""Less time in the system's memory management, where a CPU trains."""

import ctypes
import os

from mmengine.device import get_device

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # glibc's malloc.h
HUGE_PAGES = 'THP_MEM_ALLOC_ENABLE'  # PyTorch reads it when it first allocates a tensor


def reduce_page_faults() -> None:
    """Keep the memory that a step frees for the next step, and take it in huge pages, on CPUs.

    glibc returns large tensors to the system as they are freed, and what is free at the end of its
    heap; the system clears each of these pages before the next step gets it back. That takes a
    quarter of the step of a small model and a tenth of a large one's. The price is that the process
    keeps its largest size until it ends. Pages are of 2 MiB instead of 4 KiB where the system has
    them. Other C libraries stay as they are, and so does ``HUGE_PAGES`` where it is set. Call it
    before the first tensor is made.
    """
    if get_device() != 'cpu':
        return
    os.environ.setdefault(HUGE_PAGES, '1')
    set_option = getattr(ctypes.CDLL(None), 'mallopt', None)
    if set_option is None:
        return
    set_option(M_MMAP_MAX, 0)  # tensors lie in the heap, whatever their size,
    set_option(M_TRIM_THRESHOLD, -1)  # which never shrinks

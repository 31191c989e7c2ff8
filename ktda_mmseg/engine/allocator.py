"""Less time in the system's memory management, where a CPU trains."""

import ctypes
import os

from mmengine.device import get_device

# glibc's malloc.h
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST = 1 << 25  # bytes of a block that may be kept, the most that glibc allows
KEPT = 1 << 30  # bytes to keep at the end of the heap
HUGE_PAGES = 'THP_MEM_ALLOC_ENABLE'  # PyTorch reads it when it first allocates a tensor


def reduce_page_faults() -> None:
    """Keep up to a gigabyte of freed memory, and take large tensors in huge pages, on CPUs.

    glibc returns what is free at the end of its heap, and the system clears each page of it before
    the next step gets it back; for a small model that takes a quarter of the step. What large
    models free is more than should be kept, and comes back in pages of 2 MiB instead of 4 KiB,
    where the system has them. Other C libraries stay as they are, and so does ``HUGE_PAGES`` where
    it is set. Call it before the first tensor is made.
    """
    if get_device() != 'cpu':
        return
    os.environ.setdefault(HUGE_PAGES, '1')
    set_option = getattr(ctypes.CDLL(None), 'mallopt', None)
    if set_option is None:
        return
    set_option(M_MMAP_THRESHOLD, LARGEST)
    set_option(M_TRIM_THRESHOLD, KEPT)

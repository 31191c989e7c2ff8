"""Memory that a training step frees is kept for the next one."""

import ctypes

from mmengine.device import get_device

# glibc's malloc.h
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST = 1 << 25  # bytes of a block that may be kept, the most that glibc allows
KEPT = 1 << 30  # bytes to keep at the end of the heap


def keep_freed_memory() -> None:
    """Tell the C library to keep up to a gigabyte of freed memory, where a CPU trains.

    glibc returns what is free at the end of its heap, and the system clears each page of it before
    the next step gets it back; for a small model that takes a quarter of the step. More is not
    kept: large models spend their time elsewhere and need their memory. Other C libraries stay as
    they are.
    """
    set_option = getattr(ctypes.CDLL(None), 'mallopt', None)
    if set_option is None or get_device() != 'cpu':
        return
    set_option(M_MMAP_THRESHOLD, LARGEST)
    set_option(M_TRIM_THRESHOLD, KEPT)

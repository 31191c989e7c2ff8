"""A step takes few new pages from the system for what the step before it freed."""

import ctypes
import mmap
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ktda_mmseg.engine.allocator import HUGE_PAGES, reduce_page_faults

TENSORS = 8
STEPS = f"""
import ctypes, resource, torch
from ktda_mmseg.engine.allocator import reduce_page_faults
ctypes.CDLL(None).prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE: each fault is for one small page
{{call}}
def step():
    return [torch.ones({{size}} << 18) for _ in range({TENSORS})]
for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
FLAGS = """
import torch
from ktda_mmseg.engine.allocator import reduce_page_faults
{call}
tensor = torch.ones(64 << 18)
middle = tensor.data_ptr() + tensor.nbytes // 2
for line in open('/proc/self/smaps'):
    first, *rest = line.split()
    if first == 'VmFlags:' and here:
        print('hg' in rest)
    elif not first.endswith(':'):
        start, end = (int(address, 16) for address in first.split('-'))
        here = start <= middle < end
"""
# As malloc is where nothing has taught it otherwise: it returns what is large at once, and what is
# free at the end of the heap. It would learn from what is freed, and keep small things there, each
# of which may hold the end; how that turns out differs from machine to machine.
UNTAUGHT = (
    'glibc.malloc.mmap_threshold=1048576:glibc.malloc.trim_threshold=131072'
    ':glibc.malloc.tcache_count=0'
)


def run(program, **values):
    """Run a program in a process of its own and return the number or truth that it prints."""
    # other tests in this process may have asked for huge pages already
    env = {name: value for name, value in os.environ.items() if name != HUGE_PAGES}
    done = subprocess.run(
        [sys.executable, '-c', program.format(**values)],
        check=True,
        capture_output=True,
        env=env | {'GLIBC_TUNABLES': UNTAUGHT},
        text=True,
    )
    return int({'True': 1, 'False': 0}.get(done.stdout.strip(), done.stdout))


def counts_page_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    with mmap.mmap(-1, mmap.PAGESIZE) as page:
        page[0] = 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt > before


on_cpu = pytest.mark.skipif(torch.cuda.is_available(), reason='left as it is beside a GPU')


@on_cpu
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), 'mallopt'), reason='not the malloc of glibc')
@pytest.mark.skipif(not counts_page_faults(), reason='this system does not count page faults')
@pytest.mark.parametrize('size', [16, 64])
def test_freed_memory_is_taken_again(size):
    pages = TENSORS * (size << 20) // mmap.PAGESIZE
    assert run(STEPS, call='', size=size) > 0.9 * pages
    assert run(STEPS, call='reduce_page_faults()', size=size) < 0.1 * pages


@on_cpu
@pytest.mark.skipif(
    not Path('/sys/kernel/mm/transparent_hugepage').is_dir(),
    reason='this system has no transparent huge pages',
)
def test_large_tensors_ask_for_huge_pages():
    assert run(FLAGS, call='reduce_page_faults()') and not run(FLAGS, call='')


@on_cpu
def test_what_the_user_set_stays(monkeypatch):
    monkeypatch.setenv(HUGE_PAGES, '0')
    reduce_page_faults()
    assert os.environ[HUGE_PAGES] == '0'

"""A step takes few new pages from the system for what the step before it freed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ktda_mmseg.engine.allocator import HUGE_PAGES, reduce_page_faults

STEPS = """
import resource, torch
from ktda_mmseg.engine.allocator import reduce_page_faults
{call}
def step():
    return [torch.ones({size} << 18) for _ in range(8)]
for _ in range({before}):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def new_pages(call, size, before):
    """Page faults of a step that makes and frees eight tensors of `size` MiB, after others."""
    program = [sys.executable, '-c', STEPS.format(call=call, size=size, before=before)]
    # other tests in this process may have asked for huge pages already
    env = {name: value for name, value in os.environ.items() if name != HUGE_PAGES}
    return int(subprocess.run(program, check=True, capture_output=True, env=env).stdout)


def has_huge_pages():
    setting = Path('/sys/kernel/mm/transparent_hugepage/enabled')
    return setting.is_file() and '[never]' not in setting.read_text()


on_cpu = pytest.mark.skipif(torch.cuda.is_available(), reason='left as it is beside a GPU')


@on_cpu
@pytest.mark.parametrize('size', [16, 64])
def test_freed_memory_is_taken_again(size):
    kept, plain = (new_pages(call, size, 3) for call in ('reduce_page_faults()', ''))
    assert kept < 0.1 * plain


@on_cpu
@pytest.mark.skipif(not has_huge_pages(), reason='this system has no transparent huge pages')
def test_the_first_step_takes_huge_pages():
    assert new_pages('reduce_page_faults()', 64, 0) < 0.1 * new_pages('', 64, 0)


@on_cpu
def test_what_the_user_set_stays(monkeypatch):
    monkeypatch.setenv(HUGE_PAGES, '0')
    reduce_page_faults()
    assert os.environ[HUGE_PAGES] == '0'

"""A step takes no new pages from the system for what the step before it freed."""

import subprocess
import sys

import pytest
import torch

STEPS = """
import resource, torch
from ktda_mmseg.engine.allocator import keep_freed_memory
{call}
def step():
    return [torch.ones(1 << 22) for _ in range(8)]  # 16 MiB each
for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def new_pages(call):
    program = [sys.executable, '-c', STEPS.format(call=call)]
    return int(subprocess.run(program, check=True, capture_output=True).stdout)


@pytest.mark.skipif(torch.cuda.is_available(), reason='left as it is beside a GPU')
def test_freed_memory_is_taken_again():
    assert new_pages('keep_freed_memory()') < 0.1 * new_pages('')

"""Fixtures of the tests of the package and of projects/."""

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

# for the processes that tests start, and those that xdist runs them in
QUICK = str(Path(__file__).parent / 'tests' / 'quick_python')
if QUICK not in os.environ.get('PYTHONPATH', ''):
    os.environ['PYTHONPATH'] = os.pathsep.join(filter(None, [QUICK, os.environ.get('PYTHONPATH')]))


def pytest_collection_finish() -> None:
    """Leave what was imported out of every search for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def same_start() -> None:
    """Give every test the same random numbers and mmseg's scope, in whatever order tests run."""
    torch.manual_seed(0)
    init_default_scope('mmseg')


@pytest.fixture
def make_samples() -> Callable[..., list[SegDataSample]]:
    """Return a function that wraps labels ``(N, H, W)`` as data samples."""

    def wrap(labels: torch.Tensor) -> list[SegDataSample]:
        samples = []
        for label in labels:
            size = tuple(label.shape)
            sample = SegDataSample(metainfo=dict(img_shape=size, ori_shape=size, pad_shape=size))
            sample.gt_sem_seg = PixelData(data=label[None])
            samples.append(sample)
        return samples

    return wrap

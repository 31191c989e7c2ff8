"""Samples for models."""

from collections.abc import Callable

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample


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

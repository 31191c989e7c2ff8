"""Galileo against the official encoder, and what it promises about bands and sizes."""

import json
from pathlib import Path

import pytest
import torch
from mmseg.registry import MODELS
from torch.nn import functional as F

from ktda_mmseg.checkpoints import load_pretrained
from ktda_mmseg.models.backbones import Galileo
from ktda_mmseg.models.backbones.galileo import STATISTICS, ndvi
from ktda_mmseg.models.backbones.galileo_layers import FlexiblePatchEmbed

DATA = Path(__file__).resolve().parents[2] / 'data/galileo'
GOLDEN = torch.load(DATA / 'golden.pth', weights_only=True)
SMALL = dict(width=32, depth=2, num_heads=2, out_indices=(0, 1))


def small(**arguments: object) -> Galileo:
    """Build a random Galileo whose tokens know their place, group and month."""
    model = Galileo(**{**SMALL, **arguments}).eval()
    torch.nn.init.normal_(model.s_t_channel_embed)
    return model


@pytest.mark.parametrize('name', GOLDEN)
def test_official_features(name: str, shared: Path) -> None:
    case = GOLDEN[name]
    model = MODELS.build(dict(type='Galileo', input_scale=1, **case['arguments'])).eval()
    path = shared / 'weights/galileo_nano/encoder.pt'
    model.load_state_dict(torch.load(path, map_location='cpu', weights_only=True), strict=True)
    raw = 4000 * torch.rand(case['shape'], generator=torch.Generator().manual_seed(case['seed']))
    mean, std = (torch.tensor(v).view(-1, 1, 1) for v in (model.input_mean, model.input_std))
    with torch.no_grad():
        levels = model((raw - mean) / std)
    for level, expected in zip(levels, case['levels'], strict=True):
        torch.testing.assert_close(level[:, ::4], expected, rtol=0, atol=1e-4)


def test_pretrained_file_has_all_that_is_needed(shared: Path) -> None:
    report = load_pretrained(Galileo(), shared / 'weights/galileo_nano/encoder.pt')
    assert not report.missing


def test_fixed_encodings_are_those_of_the_file(shared: Path) -> None:
    path = shared / 'weights/galileo_nano/encoder.pt'
    file = torch.load(path, map_location='cpu', weights_only=True)
    own = Galileo().state_dict()
    for key in ('pos_embed', 'month_embed.weight'):
        torch.testing.assert_close(own[key], file[key])


def test_statistics_are_the_official_ones(shared: Path) -> None:
    text = (shared / 'weights/galileo_nano/normalization.json').read_text()
    official = json.loads(text)['13']
    own = torch.tensor(list(STATISTICS.values()))
    # 13 channels: two of radar, ten optical ones, NDVI
    expected = torch.tensor([official['mean'][2:12], official['std'][2:12]]).T
    torch.testing.assert_close(own, expected, rtol=0, atol=0.006)


def test_what_the_file_holds_for_other_inputs_is_dropped_and_nothing_else() -> None:
    model = small()
    weights = dict(model.state_dict())
    weights['space_embed.SRTM.proj.weight'] = weights['st_channel_embed'] = torch.zeros(1)
    model.load_state_dict(weights, strict=True)
    assert 'st_channel_embed' in weights
    with pytest.raises(RuntimeError, match=r'Unexpected key.*decoder\.weight'):
        model.load_state_dict({**weights, 'decoder.weight': torch.zeros(1)}, strict=True)


@pytest.mark.parametrize('patch_size', range(1, 9))
def test_patch_embedding_keeps_tokens_when_image_and_patch_are_resized(patch_size: int) -> None:
    def resize(x: torch.Tensor) -> torch.Tensor:
        return F.interpolate(x, size=[patch_size] * 2, mode='bicubic', antialias=True)

    # Only kernels that see nothing a resize loses can keep their token: those of its row space.
    zeros = torch.zeros(4, 2, 8, 8, requires_grad=True)
    weighted = resize(zeros) * torch.rand(4, 2, patch_size, patch_size)
    (kernel,) = torch.autograd.grad(weighted.sum(), zeros)
    embed = FlexiblePatchEmbed(2, 4, patch_size)
    embed.proj.weight.data.copy_(kernel)
    image = torch.rand(3, 2, 8, 8)
    torch.testing.assert_close(embed(resize(image)), embed.proj(image), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('patch_size', [3, 8])
def test_any_size_is_padded_right_and_bottom(patch_size: int) -> None:
    model = small(patch_size=patch_size)
    x = torch.rand(2, 3, 13, 22)
    rows, columns = -(-13 // patch_size), -(-22 // patch_size)
    padded = F.pad(x, (0, columns * patch_size - 22, 0, rows * patch_size - 13))
    for level, expected in zip(model(x), model(padded), strict=True):
        assert level.shape == (2, 32, rows, columns)
        torch.testing.assert_close(level, expected)


def test_out_indices_choose_levels() -> None:
    model = small()
    x = torch.rand(1, 3, 16, 16)
    both = model(x)
    model.out_indices = (0,)
    (first,) = model(x)
    torch.testing.assert_close(first, both[0])
    assert not torch.allclose(first, both[1])


def test_bands_say_the_order_of_channels() -> None:
    model = small()
    x = torch.rand(1, 3, 16, 16)
    model_bgr = small(bands=('B2', 'B3', 'B4'))
    model_bgr.load_state_dict(model.state_dict())
    torch.testing.assert_close(model(x), model_bgr(x.flip(1)))


def test_channels_without_a_complete_group_are_left_out() -> None:
    model = small(bands=('B4', None, 'B3', 'B2', 'B5'))
    assert model.groups == ['S2_RGB']
    assert (model.input_mean[1], model.input_std[1]) == (0, pytest.approx(255 / 3000))
    x = torch.rand(1, 5, 16, 16)
    changed = x.clone()
    changed[:, [1, 4]] += 1
    torch.testing.assert_close(model(x), model(changed))


def test_groups_need_all_their_bands_and_ndvi_needs_red_and_near_infrared() -> None:
    assert small(bands=('B8', 'B4', 'B12', 'B11')).groups == ['S2_NIR_10m', 'S2_SWIR', 'NDVI']
    assert small(bands=('B8', 'B2', 'B11')).groups == ['S2_NIR_10m']


def test_ndvi_is_of_reflectance_and_0_without_any() -> None:
    red, near_infrared = (
        (torch.tensor(values) - mean + 2 * std) / (4 * std)
        for values, (mean, std) in (
            ([1000.0, 0.0, -9.0], STATISTICS['B4']),
            ([3000.0, -1e-3, 4.0], STATISTICS['B8']),
        )
    )
    torch.testing.assert_close(ndvi(red, near_infrared), torch.tensor([0.5, 0.0, 0.0]))


def test_raw_units_only_scale_the_statistics() -> None:
    reflectance, eight_bit = small(input_scale=10000), small()
    raw = torch.tensor([0.1, 0.2, 0.3])
    normalised = [
        (raw * factor - torch.tensor(model.input_mean)) / torch.tensor(model.input_std)
        for model, factor in ((reflectance, 1), (eight_bit, 255 / 0.3))
    ]
    torch.testing.assert_close(*normalised)
    mean, std = STATISTICS['B4']
    assert normalised[0][0].item() == pytest.approx((1000 - mean) / (4 * std) + 0.5)


def test_trains_every_parameter_that_is_not_frozen() -> None:
    model = small(bands=('B4', 'B3', 'B2', 'B8'))
    torch.stack(model(torch.rand(2, 4, 16, 16))).square().mean().backward()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
    assert not model.space_time_embed['S1'].proj.weight.requires_grad


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(bands=('B4', 'B3', 'red')), "B8A, B11, B12 at most once, got .*'red'"),
        (dict(bands=('B4', 'B3', 'B4')), 'at most once'),
        (dict(bands=('B4', 'B3', None)), 'expected all bands of one of'),
        (dict(patch_size=9), 'patch_size: expected 1 to 8, got 9'),
        (dict(month=0), 'month: expected 1 to 12, got 0'),
        (dict(out_indices=(0, 2)), 'out_indices: expected 0 to 1, got 2'),
        (dict(width=40), 'width: expected a multiple of 16, got 40'),
    ],
)
def test_wrong_arguments(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**arguments)


def test_wrong_number_of_channels() -> None:
    with pytest.raises(ValueError, match=r'expected 3 channels .*, got 4'):
        small()(torch.rand(1, 4, 16, 16))

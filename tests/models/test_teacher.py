"""FrozenTeacher: its inputs and its identity."""

import json

import pytest
import torch
from mmengine.config import ConfigDict
from mmseg.models import SegDataPreProcessor
from mmseg.registry import MODELS
from torch import nn

from ktda_mmseg.models import FrozenTeacher, MultiBandSegDataPreProcessor


@MODELS.register_module()
class EchoTeacher(nn.Module):
    """Returns its input, which its statistics say is in units of 0 to 255."""

    input_mean = (10.0, 20.0, 30.0)
    input_std = (1.0, 2.0, 4.0)

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(gain))

    def forward(self, inputs):
        return (inputs * self.gain,)


def preprocessor(mean=(100.0, 110.0, 120.0), std=(50.0, 60.0, 70.0)):
    return SegDataPreProcessor(mean=mean, std=std, bgr_to_rgb=True)


def test_the_students_normalisation_is_replaced():
    raw = torch.rand(2, 3, 4, 4) * 255
    mean, std = (torch.tensor(x).view(3, 1, 1) for x in ((100.0, 110.0, 120.0), (50.0, 60.0, 70.0)))
    teacher = FrozenTeacher(ConfigDict(type='EchoTeacher'), preprocessor())
    (seen,) = teacher((raw - mean) / std)
    expected = (raw - torch.tensor([10.0, 20, 30]).view(3, 1, 1)) / torch.tensor([1.0, 2, 4]).view(
        3, 1, 1
    )
    torch.testing.assert_close(seen, expected, rtol=1e-5, atol=1e-4)


def test_raw_inputs_are_normalised_too():
    teacher = FrozenTeacher(ConfigDict(type='EchoTeacher'), SegDataPreProcessor())
    (seen,) = teacher(torch.full((1, 3, 1, 1), 40.0))
    torch.testing.assert_close(seen.flatten(), torch.tensor([30.0, 10.0, 2.5]))


def test_another_number_of_bands_is_named():
    with pytest.raises(ValueError, match='mean of 3 channels.*EchoTeacher.*got 1'):
        FrozenTeacher(ConfigDict(type='EchoTeacher'), SegDataPreProcessor([0.0], [1.0]))


def test_fingerprint_tells_weights_and_config_apart():
    def fingerprint(**options):
        return FrozenTeacher(
            ConfigDict(type='EchoTeacher', **options), preprocessor()
        ).fingerprint()

    assert fingerprint() == fingerprint()
    assert fingerprint()['sha256'] != fingerprint(gain=2.0)['sha256']
    assert fingerprint()['config'] != fingerprint(gain=1.0)['config']


def test_statistics_of_its_own_make_it_independent_of_the_students():
    def source(kind, mean, bgr_to_rgb=True):
        torch.manual_seed(0)
        student = SegDataPreProcessor([mean] * 3, [50.0] * 3, bgr_to_rgb=bgr_to_rgb)
        return FrozenTeacher(ConfigDict(type=kind), student).source()

    assert source('EchoTeacher', 100.0) == source('EchoTeacher', 120.0)
    assert source('EchoTeacher', 100.0) != source('EchoTeacher', 100.0, bgr_to_rgb=False)
    assert source('PatchTeacher', 100.0) != source('PatchTeacher', 120.0)


def eight_bands():
    mean, std = torch.arange(8.0) * 10 + 5, torch.arange(8.0) + 1
    return mean, std, MultiBandSegDataPreProcessor(mean.tolist(), std.tolist())


def test_it_sees_the_bands_it_is_given_in_their_order():
    mean, std, preprocessor = eight_bands()
    raw, bands = torch.rand(2, 8, 4, 4) * 100, [5, 0, 2]
    teacher = FrozenTeacher(ConfigDict(type='EchoTeacher', bands=bands), preprocessor)
    (seen,) = teacher((raw - mean.view(8, 1, 1)) / std.view(8, 1, 1))
    for channel, band in enumerate(bands):
        expected = (raw[:, band] - EchoTeacher.input_mean[channel]) / EchoTeacher.input_std[channel]
        torch.testing.assert_close(seen[:, channel], expected, rtol=1e-4, atol=1e-3)
    assert json.loads(teacher.fingerprint()['config'])['bands'] == bands


def test_without_statistics_of_its_own_it_takes_the_students_channels_as_they_are():
    vit = ConfigDict(
        type='mmpretrain.VisionTransformer', bands=[7, 3, 1], img_size=28, patch_size=14,
        arch=dict(embed_dims=8, num_layers=1, num_heads=2, feedforward_channels=16),
        out_type='featmap',
    )  # fmt: skip
    inputs = torch.randn(1, 8, 28, 28)
    teacher = FrozenTeacher(vit, eight_bands()[2])
    torch.testing.assert_close(teacher(inputs), teacher.backbone(inputs[:, [7, 3, 1]]))


@pytest.mark.parametrize('band', [8, -1])
def test_a_band_that_the_student_lacks_is_named(band):
    with pytest.raises(ValueError, match=rf'teacher.bands: .* 0 to 7, got \[0, 1, {band}\]'):
        FrozenTeacher(ConfigDict(type='EchoTeacher', bands=[0, 1, band]), eight_bands()[2])


def test_galileo_names_the_students_channels():
    """All optical bands of Landsat, by names, equal the same bands by number."""
    names = ['B4', 'B3', 'B2', 'B8', 'B11', 'B12']
    galileo = dict(type='Galileo', depth=1, out_indices=[0], input_scale=10.0)
    preprocessor = eight_bands()[2]
    by_name = FrozenTeacher(ConfigDict(galileo, bands=[*names, None, None]), preprocessor)
    assert by_name.backbone.groups == ['S2_RGB', 'S2_NIR_10m', 'S2_SWIR', 'NDVI']
    by_number = FrozenTeacher(ConfigDict(galileo, bands=[2, 1, 0]), preprocessor)
    assert by_number.backbone.groups == ['S2_RGB']
    weights = by_name.backbone.state_dict()
    by_number.backbone.load_state_dict(weights)
    reverse = FrozenTeacher(
        ConfigDict(galileo, bands=['B2', 'B3', 'B4', *[None] * 5]), preprocessor
    )
    reverse.backbone.load_state_dict(weights)
    inputs = torch.randn(1, 8, 16, 16)
    torch.testing.assert_close(by_number(inputs), reverse(inputs))
    assert not torch.equal(by_name(inputs)[0], reverse(inputs)[0])


def test_an_rgb_network_takes_reflectance_in_units_of_its_training():
    pytest.importorskip('timm')
    reflectance = torch.rand(1, 3, 32, 32) * 0.3
    network = ConfigDict(type='EfficientNetLite0', pretrained=False, out_indices=1)
    torch.manual_seed(1)
    on_bytes = FrozenTeacher(network, SegDataPreProcessor())
    torch.manual_seed(1)
    scaled = FrozenTeacher(ConfigDict(network, input_scale=255 / 0.3), SegDataPreProcessor())
    expected = on_bytes(reflectance * (255 / 0.3))
    torch.testing.assert_close(scaled(reflectance), expected, rtol=1e-4, atol=1e-5)


@MODELS.register_module()
class PatchTeacher(nn.Module):
    """Returns the means of patches of 4x4 pixels, as a transformer's first layer could."""

    def __init__(self) -> None:
        super().__init__()
        self.patch_embed = nn.Conv2d(3, 3, 4, 4, bias=False)
        self.patch_embed.weight.data = torch.eye(3)[:, :, None, None].expand(3, 3, 4, 4) / 16

    def forward(self, inputs):
        assert max(inputs.shape[2:]) <= 16
        return (self.patch_embed(inputs),)


@pytest.mark.parametrize(
    ('size', 'options', 'grid'),
    [
        ((8, 6), dict(scale=2), (4, 3)),
        ((9, 7), dict(scale=2), (4, 4)),  # 4.5 and 3.5 patches, to the even one
        ((16, 8), dict(scale=2, window=8), (8, 4)),
        ((15, 20), dict(scale=2, window=8), (8, 9)),
        ((16, 8), dict(window=8), (4, 2)),
    ],
)
def test_maps_cover_the_image_at_the_size_that_the_teacher_wants(size, options, grid):
    """A ramp is still a ramp from edge to edge, whatever the windows."""
    teacher = FrozenTeacher(ConfigDict(type='PatchTeacher', **options), SegDataPreProcessor())
    centres = [(torch.arange(side) + 0.5) / side for side in size]
    rows, columns = torch.meshgrid(*centres, indexing='ij')
    inputs = torch.stack([rows, columns, torch.ones(size)])
    (maps,) = teacher(torch.stack([inputs, 2 * inputs]))
    assert maps.shape == (2, 3, *grid)
    expected = torch.stack(
        [
            *torch.meshgrid(*[(torch.arange(n) + 0.5) / n for n in grid], indexing='ij'),
            torch.ones(grid),
        ]
    )
    # the rims of what is interpolated are flat
    torch.testing.assert_close(maps, torch.stack([expected, 2 * expected]), rtol=0, atol=0.04)


@pytest.mark.parametrize('options', [dict(scale=0), dict(window=0)])
def test_a_size_of_nothing_is_refused(options):
    with pytest.raises(ValueError, match=r'teacher\.scale and teacher\.window above 0'):
        FrozenTeacher(ConfigDict(type='PatchTeacher', **options), SegDataPreProcessor())

"""A first convolution of three bands becomes one of n as timm makes it."""

import pytest
import torch
from mmpretrain.models import ConvNeXt
from mmseg.registry import MODELS
from torch import nn

from ktda_mmseg.checkpoints import load_pretrained
from ktda_mmseg.checkpoints.loading import fit_stem

STEM = 'downsample_layers.0.0.weight'


def convnext(bands: int = 3) -> ConvNeXt:
    return ConvNeXt(
        arch=dict(depths=[1, 1, 1, 1], channels=[4, 4, 8, 8]),
        in_channels=bands,
        out_indices=[0, 1, 2, 3],
        gap_before_final_norm=False,
    )


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp('stem') / 'rgb.pth'
    weights = convnext().state_dict()
    torch.save(weights, path)
    return path, weights


@pytest.mark.parametrize('bands', [1, 2, 4, 6, 8, 13])
def test_the_kernels_are_timms(bands):
    models = pytest.importorskip('timm.models')
    kernels = torch.randn(5, 3, 4, 4)
    found, key = fit_stem(nn.Sequential(nn.Conv2d(bands, 5, 4)), {'0.weight': kernels})
    assert key == '0.weight'
    torch.testing.assert_close(found[key], models.adapt_input_conv(bands, kernels))


def test_the_report_says_so_and_all_else_is_loaded(saved):
    path, weights = saved
    module = convnext(bands=8)
    report = load_pretrained(module, path, widen_stem=True)
    assert report.widened == (STEM,)
    assert not report.resized
    assert f'widened from 3 bands: {STEM}' in str(report)
    loaded = module.state_dict()
    for key in weights:
        if key != STEM:
            torch.testing.assert_close(loaded[key], weights[key])


def test_grey_images_in_all_bands_give_the_features_of_grey_rgb(saved):
    path, _ = saved
    rgb, wide = convnext(), convnext(bands=6)
    load_pretrained(rgb, path)
    load_pretrained(wide, path, widen_stem=True)
    grey = torch.randn(1, 1, 32, 32)
    three, six = rgb(grey.expand(-1, 3, -1, -1)), wide(grey.expand(-1, 6, -1, -1))
    torch.testing.assert_close(six, three, rtol=1e-4, atol=1e-5)


def test_a_file_of_as_many_bands_is_left_alone(saved, tmp_path):
    path, weights = saved
    module = convnext()
    assert load_pretrained(module, path, widen_stem=True).widened == ()
    torch.testing.assert_close(module.state_dict()[STEM], weights[STEM])
    torch.save(convnext(bands=5).state_dict(), tmp_path / 'five.pth')
    with pytest.raises(ValueError, match=r'expected shape \(4, 8, 4, 4\), found \(4, 5, 4, 4\)$'):
        load_pretrained(convnext(bands=8), tmp_path / 'five.pth', widen_stem=True)


def test_it_is_done_only_when_asked_for(saved):
    with pytest.raises(ValueError, match=r'found \(4, 3, 4, 4\); widen_stem=True in init_cfg'):
        load_pretrained(convnext(bands=8), saved[0])


def test_a_student_asks_for_it_by_its_init_cfg(saved, tiny_model):
    tiny_model.update(teacher=None, transfer_losses=None)
    tiny_model.backbone.update(
        arch=dict(depths=[1, 1, 1, 1], channels=[4, 4, 8, 8]),
        in_channels=8,
        init_cfg=dict(type='Pretrained', checkpoint=str(saved[0]), widen_stem=True),
    )
    tiny_model.neck.in_channels = [4, 4, 8, 8]
    model = MODELS.build(tiny_model)
    model.init_weights()
    stem = model.backbone.state_dict()[STEM]
    torch.testing.assert_close(stem[:, 3:6], saved[1][STEM] * 3 / 8)

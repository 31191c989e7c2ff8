"""Pretrained weights load completely, or not at all and with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmpretrain.models import ConvNeXt, ResNet, VisionTransformer
from mmseg.registry import MODELS
from torch import Tensor, nn

from ktda_mmseg.checkpoints import load_pretrained
from ktda_mmseg.checkpoints.loading import fit_stem


def vit(
    img_size: int = 28, embed_dims: int = 8, num_layers: int = 2, scale: float = 1.0
) -> VisionTransformer:
    arch = {
        'embed_dims': embed_dims,
        'num_layers': num_layers,
        'num_heads': 2,
        'feedforward_channels': 16,
    }
    return VisionTransformer(
        arch=arch,
        img_size=img_size,
        patch_size=14,
        layer_scale_init_value=scale,
        out_type='featmap',
    )


def convnext(bands: int = 3) -> ConvNeXt:
    arch = {'depths': [1, 1, 1, 1], 'channels': [4, 4, 8, 8]}
    return ConvNeXt(
        arch=arch, in_channels=bands, out_indices=[0, 1, 2, 3], gap_before_final_norm=False
    )


def randomised(module: nn.Module) -> dict[str, Tensor]:
    return {
        key: torch.randn_like(value) if value.is_floating_point() else value
        for key, value in module.state_dict().items()
    }


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[dict], Path]:
    def save(content: dict) -> Path:
        torch.save(content, tmp_path / 'weights.pth')
        return tmp_path / 'weights.pth'

    return save


@pytest.mark.parametrize('prefix', ['', 'backbone', 'backbone.'])
@pytest.mark.parametrize('holder', ['state_dict', 'model', None])
def test_every_tensor_arrives(saved: Callable, prefix: str, holder: str | None) -> None:
    module, weights = vit(), randomised(vit())
    before = f'{prefix.rstrip(".")}.' if prefix else ''
    content = {before + key: value for key, value in weights.items()} | {
        'head.weight': torch.ones(1)
    }
    report = load_pretrained(module, saved({holder: content} if holder else content), prefix)
    torch.testing.assert_close(dict(module.state_dict()), weights)
    assert set(report.matched) == set(weights) and not report.missing and not report.resized
    assert report.unexpected == (() if prefix else ('head.weight',))


def test_report_reads_as_one_line(saved: Callable, caplog: pytest.LogCaptureFixture) -> None:
    module = vit()
    path = saved(randomised(module) | {'head.weight': torch.ones(1), 'mask_token': torch.ones(1)})
    count = len(module.state_dict())
    expected = f'loaded {count}/{count} tensors from {path} (ignored: head.weight, mask_token)'
    assert str(load_pretrained(module, path)) == expected


def test_position_embedding_is_resized_by_the_module(saved: Callable) -> None:
    module = vit(img_size=28)
    report = load_pretrained(module, saved(randomised(vit(img_size=56))))
    assert report.resized == ('pos_embed',)
    assert module.pos_embed.shape == (1, 5, 8)


def test_output_norms_may_be_missing(saved: Callable) -> None:
    module = convnext()
    weights = {
        key: value
        for key, value in randomised(module).items()
        if key[:5] not in ('norm0', 'norm1', 'norm2')
    }
    report = load_pretrained(module, saved(weights))
    assert set(report.missing) == {
        f'norm{i}.{kind}' for i in range(3) for kind in ('weight', 'bias')
    }
    torch.testing.assert_close(module.norm0.weight, torch.ones(4))


def test_step_counters_may_be_missing(saved: Callable) -> None:
    module = ResNet(18)
    weights = {key: value for key, value in randomised(module).items() if 'num_batches' not in key}
    load_pretrained(module, saved(weights))
    loaded = module.state_dict()
    torch.testing.assert_close({key: loaded[key] for key in weights}, weights)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            lambda w: {f'encoder.{k}': v for k, v in w.items()},
            r'none of its \d+ keys .* expected layers .* found encoder',
        ),
        (
            lambda w: {k: v for k, v in w.items() if k != 'ln1.weight'},
            'lacks 1 of the .* ln1.weight',
        ),
        (
            lambda w: {k: v for k, v in w.items() if not k.startswith('layers.1')},
            'lacks 14 of .* and 10 more',
        ),
        (
            lambda w: w | {'layers.2.ln1.weight': torch.ones(8)},
            '1 tensors have no place .* layers.2.ln1.weight',
        ),
        (
            lambda w: w | {'register_tokens': torch.ones(1, 4, 8)},
            'register_tokens needs a model with register',
        ),
        (
            lambda w: w | {'ln1.bias': torch.ones(9)},
            r'ln1.bias: expected shape \(8,\), found \(9,\)',
        ),
        (
            lambda w: w | {'pos_embed': torch.ones(1, 8, 8)},
            r'pos_embed: expected shape \(1, 5, 8\), found \(1, 8, 8\)',
        ),
    ],
    ids=[
        'layout',
        'one missing',
        'layer missing',
        'deeper',
        'registers',
        'shape',
        'grid not square',
    ],
)
def test_what_does_not_fit_is_refused(saved: Callable, change: Callable, message: str) -> None:
    path = saved(change(randomised(vit())))
    with pytest.raises(ValueError, match=message) as error:
        load_pretrained(vit(), path)
    assert 'weights.pth' in str(error.value) and '\n' not in str(error.value)


def test_wrong_width_names_a_key_and_both_shapes(saved: Callable) -> None:
    with pytest.raises(
        ValueError, match=r'weights\.pth: \S+: expected shape \(.*8.*\), found \(.*16.*\)'
    ):
        load_pretrained(vit(embed_dims=8), saved(randomised(vit(embed_dims=16))))


def test_layer_scale_that_would_be_dropped_is_refused(saved: Callable) -> None:
    with pytest.raises(ValueError, match=r'no place .*gamma1'):
        load_pretrained(vit(scale=0.0), saved(randomised(vit())))


def test_file_of_the_part_alone_needs_no_prefix(saved: Callable) -> None:
    module, weights = vit(), randomised(vit())
    load_pretrained(module, saved(weights), prefix='backbone')
    torch.testing.assert_close(dict(module.state_dict()), weights)


def test_other_prefix_lists_what_is_there(saved: Callable) -> None:
    weights = {f'student.{key}': value for key, value in randomised(vit()).items()}
    with pytest.raises(ValueError, match=r'expected layers .* found student \(34\)'):
        load_pretrained(vit(), saved(weights), prefix='teacher')


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'absent\.pth'):
        load_pretrained(vit(), tmp_path / 'absent.pth')


STEM = 'downsample_layers.0.0.weight'


@pytest.fixture(scope='module')
def rgb_file(tmp_path_factory):
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


def test_the_report_says_so_and_all_else_is_loaded(rgb_file):
    path, weights = rgb_file
    module = convnext(bands=8)
    report = load_pretrained(module, path, widen_stem=True)
    assert report.widened == (STEM,)
    assert not report.resized
    assert f'fitted to the bands: {STEM}' in str(report)
    loaded = module.state_dict()
    for key in weights:
        if key != STEM:
            torch.testing.assert_close(loaded[key], weights[key])


def test_grey_images_in_all_bands_give_the_features_of_grey_rgb(rgb_file):
    path, _ = rgb_file
    rgb, wide = convnext(), convnext(bands=6)
    load_pretrained(rgb, path)
    load_pretrained(wide, path, widen_stem=True)
    grey = torch.randn(1, 1, 32, 32)
    three, six = rgb(grey.expand(-1, 3, -1, -1)), wide(grey.expand(-1, 6, -1, -1))
    torch.testing.assert_close(six, three, rtol=1e-4, atol=1e-5)


def test_a_file_of_as_many_bands_is_left_alone(rgb_file, tmp_path):
    path, weights = rgb_file
    module = convnext()
    assert load_pretrained(module, path, widen_stem=True).widened == ()
    torch.testing.assert_close(module.state_dict()[STEM], weights[STEM])
    torch.save(convnext(bands=5).state_dict(), tmp_path / 'five.pth')
    with pytest.raises(ValueError, match=r'expected shape \(4, 8, 4, 4\), found \(4, 5, 4, 4\)$'):
        load_pretrained(convnext(bands=8), tmp_path / 'five.pth', widen_stem=True)


def test_it_is_done_only_when_asked_for(rgb_file):
    with pytest.raises(ValueError, match=r'found \(4, 3, 4, 4\); widen_stem=True in init_cfg'):
        load_pretrained(convnext(bands=8), rgb_file[0])


def test_bands_of_the_file_are_laid_where_they_are_in_the_images(rgb_file):
    path, _ = rgb_file
    three, eight = convnext(), convnext(bands=8)
    load_pretrained(three, path)
    load_pretrained(eight, path, widen_stem=[5, 0, 2])
    images = torch.randn(1, 8, 32, 32)
    torch.testing.assert_close(eight(images), three(images[:, [5, 0, 2]]))


@pytest.mark.parametrize('bands', [[0, 1], [0, 1, 1], [0, 1, 8], [0, 1, -1]])
def test_bands_that_are_not_there_are_refused(rgb_file, bands):
    with pytest.raises(ValueError, match='widen_stem: expected 3 different bands, one for each'):
        load_pretrained(convnext(bands=8), rgb_file[0], widen_stem=bands)


def test_a_student_asks_for_it_by_its_init_cfg(rgb_file, tiny_model):
    tiny_model.update(teacher=None, transfer_losses=None)
    tiny_model.backbone.update(
        arch=dict(depths=[1, 1, 1, 1], channels=[4, 4, 8, 8]),
        in_channels=8,
        init_cfg=dict(type='Pretrained', checkpoint=str(rgb_file[0]), widen_stem=True),
    )
    tiny_model.neck.in_channels = [4, 4, 8, 8]
    model = MODELS.build(tiny_model)
    model.init_weights()
    stem = model.backbone.state_dict()[STEM]
    torch.testing.assert_close(stem[:, 3:6], rgb_file[1][STEM] * 3 / 8)

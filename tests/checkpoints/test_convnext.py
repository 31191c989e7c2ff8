"""Converted ConvNeXt weights give mmpretrain the features of timm."""

from __future__ import annotations

import re

import pytest
import torch
from mmpretrain.models import ConvNeXt

from ktda_mmseg.checkpoints import load_pretrained, read_checkpoint

SCRIPT = 'model_converters/convnext_to_mmpretrain.py'

timm = pytest.importorskip('timm')

DEPTHS, CHANNELS = [1, 2, 1, 1], [8, 12, 16, 20]
IMAGE = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def timm_convnext(second=False, convolutional=False):
    model = timm.models.ConvNeXt(
        depths=DEPTHS, dims=CHANNELS, num_classes=3, use_grn=second, conv_mlp=convolutional,
        ls_init_value=None if second else 1.0,
    )  # fmt: skip
    generator = torch.Generator().manual_seed(1)
    for value in model.state_dict().values():
        value.copy_(torch.randn(value.shape, generator=generator) * 0.3)
    return model.eval()


def to_official(weights):
    """Spell timm's names as facebookresearch does, by its own conversion read backwards."""
    names = {
        'stem.': 'downsample_layers.0.', 'blocks.': '', 'conv_dw.': 'dwconv.', 'mlp.fc': 'pwconv',
        'mlp.grn.weight': 'grn.gamma', 'mlp.grn.bias': 'grn.beta', 'head.norm.': 'norm.',
        'head.fc.': 'head.',
    }  # fmt: skip
    official = {}
    for key, value in weights.items():
        if '.downsample.' in key:
            stage, rest = key[len('stages.') :].split('.downsample.')
            key = f'downsample_layers.{stage}.{rest}'
        for ours, theirs in names.items():
            key = key.replace(ours, theirs)
        official[key] = value.view(1, 1, 1, -1) if 'grn' in key else value
    return official


@pytest.mark.parametrize('second', [False, True], ids=['V1', 'V2'])
@pytest.mark.parametrize('layout', ['timm', 'timm with 1x1 convolutions', 'official'])
def test_features(tmp_path, run_tool, layout, second):
    model = timm_convnext(second, convolutional='1x1' in layout)
    weights = model.state_dict()
    content = {'model': to_official(weights)} if layout == 'official' else weights
    torch.save(content, tmp_path / 'source.pth')
    printed = run_tool(SCRIPT, tmp_path / 'source.pth', tmp_path / 'out.pth')
    assert 'left out: head.' in printed
    student = ConvNeXt(
        arch={'depths': DEPTHS, 'channels': CHANNELS},
        out_indices=[0, 1, 2, 3],
        use_grn=second,
        layer_scale_init_value=0.0 if second else 1.0,
        gap_before_final_norm=False,
    )
    report = load_pretrained(student, tmp_path / 'out.pth', prefix='backbone')
    assert {key.split('.')[0] for key in report.missing} == {'norm0', 'norm1', 'norm2'}
    student.eval()
    with torch.no_grad():
        found = student(IMAGE)
        expected = model.forward_intermediates(IMAGE, intermediates_only=True)[-4:]
        for level, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
            norm = model.head.norm if level == 3 else torch.nn.LayerNorm(CHANNELS[level], eps=1e-6)
            if level < 3:
                theirs = norm(theirs.movedim(1, -1)).movedim(-1, 1)
            else:
                theirs = norm(theirs)
            assert (ours - theirs).norm() / theirs.norm() < 1e-5


@pytest.mark.parametrize(
    ('change', 'arguments', 'message'),
    [
        (
            lambda w: w,
            ['--arch', 'base'],
            r'expected depths \[3, 3, 27, 3\] .* found \[1, 2, 1, 1\]',
        ),
        (
            lambda w: {k: v for k, v in w.items() if 'stages.1.blocks.0.norm' not in k},
            [],
            r'also needs stages\.1\.0\.norm\.weight',
        ),
        (
            lambda w: {k: v for k, v in w.items() if 'stages.3' not in k},
            [],
            'stage 3 has no blocks',
        ),
        (
            lambda w: w | {'stages.0.blocks.0.extra': torch.ones(1)},
            [],
            'are unknown to the timm layout',
        ),
        (lambda w: {'fc.weight': torch.ones(1)}, [], r'expected ConvNeXt keys .* found fc \(1\)'),
    ],
)
def test_what_does_not_fit_is_refused(refusal, change, arguments, message):
    weights = change(timm_convnext().state_dict())
    assert re.search(message, refusal(SCRIPT, weights, *arguments))


def test_official_and_timm_spellings_convert_to_the_same(tmp_path, run_tool):
    weights = timm_convnext(second=True).state_dict()
    for name, content in (('timm', weights), ('official', to_official(weights))):
        torch.save(content, tmp_path / f'{name}.pth')
        run_tool(
            SCRIPT,
            tmp_path / f'{name}.pth',
            tmp_path / f'{name}_out.pth',
        )
    timm_out, official_out = (
        read_checkpoint(tmp_path / f'{name}_out.pth')['state_dict'] for name in ('timm', 'official')
    )
    torch.testing.assert_close(timm_out, official_out, rtol=0, atol=0)

"""Converted DINOv2 weights give mmpretrain the features of timm and of transformers."""

from __future__ import annotations

import re

import pytest
import torch
from mmpretrain.models import VisionTransformer

from ktda_mmseg.checkpoints import load_pretrained, read_checkpoint
from ktda_mmseg.checkpoints.dinov2 import dinov2_to_timm

from .conftest import transformers_or_skip

SCRIPT = 'model_converters/dinov2_to_mmpretrain.py'

timm = pytest.importorskip('timm')

WIDTH, DEPTH, HEADS, SIZE = 16, 3, 2, 42
IMAGE = torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))


def randomise(model):
    generator = torch.Generator().manual_seed(1)
    for value in model.state_dict().values():
        value.copy_(torch.randn(value.shape, generator=generator) * 0.3)
    return model.eval()


def timm_vit(gated=False, hidden=24):
    """A ViT with the options of timm's vit_*_patch14_dinov2."""
    options = {'act_layer': torch.nn.GELU}
    if gated:  # as the giant has it
        options = {
            'act_layer': torch.nn.SiLU,
            'mlp_layer': timm.layers.SwiGLUPacked,
            'mlp_ratio': 2 * hidden / WIDTH,
        }
    return randomise(
        timm.models.VisionTransformer(
            img_size=SIZE, patch_size=14, embed_dim=WIDTH, depth=DEPTH, num_heads=HEADS,
            num_classes=0, init_values=1e-5, **options,
        )
    )  # fmt: skip


def transformers_vit(gated=False):
    transformers = transformers_or_skip()
    config = transformers.Dinov2Config(
        hidden_size=WIDTH, num_hidden_layers=DEPTH, num_attention_heads=HEADS, image_size=SIZE,
        patch_size=14, use_swiglu_ffn=gated, mlp_ratio=4,
    )  # fmt: skip
    return randomise(transformers.Dinov2Model(config))


def mmpretrain_features(path, hidden, gated=False):
    model = VisionTransformer(
        arch={
            'embed_dims': WIDTH,
            'num_layers': DEPTH,
            'num_heads': HEADS,
            'feedforward_channels': hidden,
        },
        img_size=SIZE,
        patch_size=14,
        layer_scale_init_value=1e-5,
        out_indices=list(range(DEPTH)),
        out_type='featmap',
        layer_cfgs={'ffn_type': 'swiglu_fused' if gated else 'origin'},
    )
    load_pretrained(model, path, prefix='backbone')
    model.eval()
    with torch.no_grad():
        return model(IMAGE)


def assert_same(found, expected):
    for level, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        error = (ours - theirs).norm() / theirs.norm()
        assert error < 1e-5, f'level {level}: {error}'


@pytest.mark.parametrize('gated', [False, True])
def test_timm(tmp_path, run_tool, gated):
    model = timm_vit(gated)
    torch.save(model.state_dict(), tmp_path / 'timm.pth')
    printed = run_tool(SCRIPT, tmp_path / 'timm.pth', tmp_path / 'out.pth')
    assert f'{len(model.state_dict())} tensors from the official or timm layout' in printed
    with torch.no_grad():
        *inner, _ = model.get_intermediate_layers(IMAGE, n=DEPTH, reshape=True)
        last = model.get_intermediate_layers(IMAGE, n=1, reshape=True, norm=True)
    # 3 x 16 units hold gate and value, 24 each, and mmpretrain takes two thirds of what it is given
    found = mmpretrain_features(tmp_path / 'out.pth', 36 if gated else 4 * WIDTH, gated)
    assert_same(found, [*inner, *last])


@pytest.mark.parametrize('gated', [False, True])
@pytest.mark.parametrize('saved', ['in memory', 'save_pretrained', 'inside a classifier'])
def test_transformers(tmp_path, run_tool, saved, gated):
    model = transformers_vit(gated)
    source = tmp_path / 'model.safetensors'
    if saved == 'in memory':
        source = tmp_path / 'hf.pth'
        torch.save(model.state_dict(), source)
    elif saved == 'save_pretrained':
        model.save_pretrained(tmp_path)
    else:
        source = tmp_path / 'hf.pth'
        head = {'classifier.weight': torch.zeros(2, 2 * WIDTH)}
        torch.save({f'dinov2.{k}': v for k, v in model.state_dict().items()} | head, source)
    printed = run_tool(SCRIPT, source, tmp_path / 'out.safetensors')
    assert 'mask_token' in printed.split('left out:')[1]
    with torch.no_grad():
        states = model(IMAGE, output_hidden_states=True).hidden_states[1:]
        expected = [*states[:-1], model.layernorm(states[-1])]
    expected = [x[:, 1:].transpose(1, 2).unflatten(2, (3, 3)) for x in expected]
    hidden = (int(4 * WIDTH * 2 / 3) + 7) // 8 * 8 * 3 // 2 if gated else 4 * WIDTH
    assert_same(mmpretrain_features(tmp_path / 'out.safetensors', hidden, gated), expected)


@pytest.mark.parametrize('gated', [False, True])
def test_transformers_for_timm(gated):
    theirs, ours = transformers_vit(gated), timm_vit()
    if gated:  # 16 x 4 units, two thirds of them, rounded up to 8
        ours = timm_vit(gated, hidden=48)
    converted = dinov2_to_timm(theirs.state_dict(), 'memory')
    assert converted.dropped == ('embeddings.mask_token',)
    ours.load_state_dict(converted.weights)
    with torch.no_grad():
        expected = theirs(IMAGE).last_hidden_state
        torch.testing.assert_close(ours.forward_features(IMAGE), expected, rtol=1e-4, atol=1e-4)


def test_official_file_has_a_mask_token(tmp_path, run_tool):
    weights = timm_vit().state_dict() | {'mask_token': torch.zeros(1, WIDTH)}
    torch.save(weights, tmp_path / 'official.pth')
    printed = run_tool(SCRIPT, tmp_path / 'official.pth', tmp_path / 'out.pth')
    assert 'left out: mask_token' in printed
    assert set(read_checkpoint(tmp_path / 'out.pth')) == {'meta', 'state_dict'}


def without(key):
    return lambda weights: {k: v for k, v in weights.items() if k != key}


@pytest.mark.parametrize(
    ('change', 'arguments', 'message'),
    [
        (lambda w: w | {'register_tokens': torch.ones(1, 4, WIDTH)}, [], 'register_tokens'),
        (lambda w: w | {'reg_token': torch.ones(1, 4, WIDTH)}, [], 'reg_token'),
        (
            lambda w: w,
            ['--arch', 'base'],
            'expected width 768 and 12 layers .base., found width 16',
        ),
        (without('blocks.1.ls1.gamma'), [], 'also needs layers.1.attn.gamma1.weight'),
        (without('patch_embed.proj.weight'), [], 'also needs patch_embed.projection.weight'),
        (lambda w: w | {'blocks.0.extra': torch.ones(1)}, [], '1 of 49 keys are unknown'),
        (
            lambda w: w | {'norm.bias': torch.ones(3)},
            [],
            r'ln1.bias: expected shape \(16,\), found \(3,',
        ),
        (lambda w: w | {'pos_embed': torch.ones(1, 9, WIDTH)}, [], 'expected a square grid'),
        (
            lambda w: {f'net.{k}': v for k, v in w.items()},
            [],
            r'expected DINOv2 keys .* found net \(48\)',
        ),
    ],
)
def test_what_does_not_fit_is_refused(refusal, change, arguments, message):
    weights = change(timm_vit().state_dict())
    assert re.search(message, refusal(SCRIPT, weights, *arguments))


def test_registers_of_transformers_are_refused(tmp_path, run_tool):
    weights = transformers_vit().state_dict()
    torch.save(weights | {'embeddings.register_tokens': torch.ones(1)}, tmp_path / 'reg.pth')
    with pytest.raises(SystemExit, match=r'embeddings\.register_tokens'):
        run_tool(SCRIPT, tmp_path / 'reg.pth', tmp_path / 'out.pth')

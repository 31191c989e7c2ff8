"""DINOv2 weights: official, timm and transformers key names to mmpretrain's VisionTransformer."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import torch
from mmpretrain.models import VisionTransformer
from torch import Tensor

from .renaming import Conversion, check_weights, parts, rename

_OFFICIAL = [
    (r'(cls_token|pos_embed)', r'\1'),
    (r'patch_embed\.proj\.(weight|bias)', r'patch_embed.projection.\1'),
    (r'blocks\.(\d+)\.norm([12])\.(weight|bias)', r'layers.\1.ln\2.\3'),
    (r'blocks\.(\d+)\.attn\.(qkv|proj)\.(weight|bias)', r'layers.\1.attn.\2.\3'),
    (r'blocks\.(\d+)\.ls1\.gamma', r'layers.\1.attn.gamma1.weight'),
    (r'blocks\.(\d+)\.ls2\.gamma', r'layers.\1.ffn.gamma2.weight'),
    (r'blocks\.(\d+)\.mlp\.fc1\.(weight|bias)', r'layers.\1.ffn.layers.0.0.\2'),
    (r'blocks\.(\d+)\.mlp\.fc2\.(weight|bias)', r'layers.\1.ffn.layers.1.\2'),
    (r'blocks\.(\d+)\.mlp\.(w12|w3)\.(weight|bias)', r'layers.\1.ffn.\2.\3'),
    (r'norm\.(weight|bias)', r'ln1.\1'),
    (r'mask_token|head\..+', None),
]
# where two names are given, the second is that of transformers 5
_BLOCK = r'encoder\.layer\.(\d+)\.'
_TRANSFORMERS = [
    (r'embeddings\.cls_token', r'cls_token'),
    (r'embeddings\.position_embeddings', r'pos_embed'),
    (r'embeddings\.patch_embeddings\.projection\.(weight|bias)', r'patch_embed.proj.\1'),
    (_BLOCK + r'(norm[12]|mlp\.fc[12])\.(weight|bias)', r'blocks.\1.\2.\3'),
    (_BLOCK + r'attention\.(?:attention\.query|q_proj)\.(weight|bias)', r'blocks.\1.attn.q.\2'),
    (_BLOCK + r'attention\.(?:attention\.key|k_proj)\.(weight|bias)', r'blocks.\1.attn.k.\2'),
    (_BLOCK + r'attention\.(?:attention\.value|v_proj)\.(weight|bias)', r'blocks.\1.attn.v.\2'),
    (_BLOCK + r'attention\.(?:output\.dense|o_proj)\.(weight|bias)', r'blocks.\1.attn.proj.\2'),
    (_BLOCK + r'layer_scale([12])\.lambda1', r'blocks.\1.ls\2.gamma'),
    (_BLOCK + r'mlp\.gate_proj\.(weight|bias)', r'blocks.\1.mlp.w1.\2'),
    (_BLOCK + r'mlp\.up_proj\.(weight|bias)', r'blocks.\1.mlp.w2.\2'),
    (_BLOCK + r'mlp\.weights_in\.(weight|bias)', r'blocks.\1.mlp.w12.\2'),
    (_BLOCK + r'mlp\.(?:weights_out|down_proj)\.(weight|bias)', r'blocks.\1.mlp.w3.\2'),
    (r'layernorm\.(weight|bias)', r'norm.\1'),
    (r'embeddings\.mask_token|classifier\..+', None),
]
_TIMM = [
    (r'(.+)\.w12\.(.+)', r'\1.fc1.\2'),
    (r'(.+)\.w3\.(.+)', r'\1.fc2.\2'),
    (r'mask_token|head\..+', None),
    (r'.+', r'\g<0>'),
]
_STACKS = {'attn.q.': ('attn.qkv.', 'attn.k.', 'attn.v.'), 'mlp.w1.': ('mlp.w12.', 'mlp.w2.')}
_ARCHS = {'small': 'dinov2-s', 'base': 'base', 'large': 'large', 'giant': 'dinov2-g'}


def dinov2_to_mmpretrain(
    weights: dict[str, Tensor], source: str | Path, arch: str | None = None
) -> Conversion:
    """Translate DINOv2 weights to the keys of mmpretrain's ``VisionTransformer``.

    The layout is recognised by its keys: facebookresearch/dinov2 and timm (``blocks.0.norm1``), or
    transformers' ``Dinov2Model`` (``encoder.layer.0``, with or without ``dinov2.`` in front). The
    result is checked against a ``VisionTransformer`` of that size with layer scale.
    """
    official = _to_official(weights, source)
    converted = rename(official.weights, _OFFICIAL, official.layout, source)
    check_weights(converted.weights, _build(converted.weights, source, arch), source)
    return replace(converted, dropped=official.dropped + converted.dropped)


def dinov2_to_timm(
    weights: dict[str, Tensor], source: str | Path, arch: str | None = None
) -> Conversion:
    """Translate DINOv2 weights to the keys of timm's ``vit_*_patch14_dinov2``."""
    dinov2_to_mmpretrain(weights, source, arch)  # refuses what is not a whole DINOv2
    official = _to_official(weights, source)
    converted = rename(official.weights, _TIMM, official.layout, source)
    return replace(converted, dropped=official.dropped + converted.dropped)


def _to_official(weights: dict[str, Tensor], source: str | Path) -> Conversion:
    """Give the tensors the names of facebookresearch/dinov2."""
    weights = {key.removeprefix('dinov2.'): value for key, value in weights.items()}
    if registers := [key for key in weights if 'register_token' in key or key == 'reg_token']:
        raise ValueError(
            f'{source}: {registers[0]}: mmpretrain has no register tokens, so a model trained with '
            'them would give wrong features; use the variant without registers'
        )
    if any(key.startswith('encoder.layer.') for key in weights):
        first = rename(weights, _TRANSFORMERS, 'transformers', source)
        return replace(first, weights=_stack(first.weights, source))
    if any(key.startswith('blocks.') for key in weights):
        return Conversion('official or timm', _name_swiglu(weights), ())
    raise ValueError(
        f"{source}: expected DINOv2 keys such as 'blocks.0.norm1.weight' or "
        f"'encoder.layer.0.norm1.weight', found {parts(weights)}"
    )


def _stack(weights: dict[str, Tensor], source: str | Path) -> dict[str, Tensor]:
    """Join what transformers splits: query, key and value; the two halves of SwiGLU's input."""
    stacked = dict(weights)
    for first, (whole, *others) in _STACKS.items():
        for key in [key for key in weights if first in key]:
            names = [key, *(key.replace(first, other) for other in others)]
            if absent := [name for name in names if name not in stacked]:
                raise ValueError(f'{source}: {key} comes without {absent[0]}')
            stacked[key.replace(first, whole)] = torch.cat([stacked.pop(name) for name in names])
    return stacked


def _name_swiglu(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give timm's gated ``mlp.fc1``, twice as wide as ``mlp.fc2`` is deep, its official name."""
    fc1, fc2 = weights.get('blocks.0.mlp.fc1.weight'), weights.get('blocks.0.mlp.fc2.weight')
    if fc1 is None or fc2 is None or fc1.size(0) != 2 * fc2.size(1):
        return weights
    return {
        key.replace('.mlp.fc1.', '.mlp.w12.').replace('.mlp.fc2.', '.mlp.w3.'): value
        for key, value in weights.items()
    }


def _build(weights: dict[str, Tensor], source: str | Path, arch: str | None) -> VisionTransformer:
    """Build, without memory, the network that has weights of these sizes."""
    try:
        width, patch = weights['patch_embed.projection.weight'].shape[::3]
        positions = weights['pos_embed'].size(1) - 1
        gated = 'layers.0.ffn.w3.weight' in weights
        hidden = weights[f'layers.0.ffn.{"w3" if gated else "layers.1"}.weight'].size(1)
    except KeyError as error:
        raise ValueError(f'{source}: VisionTransformer also needs {error.args[0]}') from error
    depth = 1 + max(int(key.split('.')[1]) for key in weights if key.startswith('layers.'))
    if math.isqrt(positions) ** 2 != positions:
        raise ValueError(
            f'{source}: pos_embed: expected a square grid and one class token, found '
            f'{positions + 1} positions'
        )
    if arch is not None:
        expected = VisionTransformer.arch_zoo[_ARCHS[arch]]
        wanted = expected['embed_dims'], expected['num_layers']
        if wanted != (width, depth):
            raise ValueError(
                f'{source}: expected width {wanted[0]} and {wanted[1]} layers ({arch}), found '
                f'width {width} and {depth} layers'
            )
    with torch.device('meta'):
        return VisionTransformer(
            arch={
                'embed_dims': width,
                'num_layers': depth,
                'num_heads': 1,  # does not show in the weights
                # mmpretrain takes two thirds of it for a gated network
                'feedforward_channels': hidden * 3 // 2 if gated else hidden,
            },
            img_size=math.isqrt(positions) * patch,
            patch_size=patch,
            layer_scale_init_value=1.0,
            layer_cfgs={'ffn_type': 'swiglu_fused' if gated else 'origin'},
        )

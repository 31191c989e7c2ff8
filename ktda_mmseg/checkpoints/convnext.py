"""ConvNeXt and ConvNeXtV2 weights: official and timm key names to mmpretrain's ConvNeXt."""

from __future__ import annotations

from pathlib import Path

from mmpretrain.models import ConvNeXt
from torch import Tensor

from .renaming import Conversion, check_weights, parts, rename

_OFFICIAL = [
    (r'downsample_layers\.(\d)\.([01])\.(weight|bias)', r'downsample_layers.\1.\2.\3'),
    (r'stages\.(\d)\.(\d+)\.gamma', r'stages.\1.\2.gamma'),
    (r'stages\.(\d)\.(\d+)\.dwconv\.(weight|bias)', r'stages.\1.\2.depthwise_conv.\3'),
    (r'stages\.(\d)\.(\d+)\.norm\.(weight|bias)', r'stages.\1.\2.norm.\3'),
    (r'stages\.(\d)\.(\d+)\.pwconv([12])\.(weight|bias)', r'stages.\1.\2.pointwise_conv\3.\4'),
    (r'stages\.(\d)\.(\d+)\.grn\.(gamma|beta)', r'stages.\1.\2.grn.\3'),
    (r'norm\.(weight|bias)', r'norm3.\1'),
    (r'head\..+|mask_token', None),
]
_TIMM = [
    (r'stem\.([01])\.(weight|bias)', r'downsample_layers.0.\1.\2'),
    (r'stages\.(\d)\.downsample\.([01])\.(weight|bias)', r'downsample_layers.\1.\2.\3'),
    (r'stages\.(\d)\.blocks\.(\d+)\.gamma', r'stages.\1.\2.gamma'),
    (r'stages\.(\d)\.blocks\.(\d+)\.conv_dw\.(weight|bias)', r'stages.\1.\2.depthwise_conv.\3'),
    (r'stages\.(\d)\.blocks\.(\d+)\.norm\.(weight|bias)', r'stages.\1.\2.norm.\3'),
    (r'stages\.(\d)\.blocks\.(\d+)\.mlp\.fc([12])\.(.+)', r'stages.\1.\2.pointwise_conv\3.\4'),
    (r'stages\.(\d)\.blocks\.(\d+)\.mlp\.grn\.weight', r'stages.\1.\2.grn.gamma'),
    (r'stages\.(\d)\.blocks\.(\d+)\.mlp\.grn\.bias', r'stages.\1.\2.grn.beta'),
    (r'(?:head\.norm|norm_pre)\.(weight|bias)', r'norm3.\1'),
    (r'head\.fc\..+', None),
]


def convnext_to_mmpretrain(
    weights: dict[str, Tensor], source: str | Path, arch: str | None = None
) -> Conversion:
    """Translate ConvNeXt weights to the keys of mmpretrain's ``ConvNeXt``.

    The layout is recognised by its stem: facebookresearch/ConvNeXt and ConvNeXt-V2
    (``downsample_layers.0.0``) or timm (``stem.0``). The result is checked against a ``ConvNeXt``
    of that size; the norms of the first three levels are not in such files and stay fresh.
    """
    if 'stem.0.weight' in weights:
        converted = rename(weights, _TIMM, 'timm', source)
    elif 'downsample_layers.0.0.weight' in weights:
        converted = rename(weights, _OFFICIAL, 'official', source)
    else:
        raise ValueError(
            f"{source}: expected ConvNeXt keys such as 'downsample_layers.0.0.weight' or "
            f"'stem.0.weight', found {parts(weights)}"
        )
    shaped = {key: _fit_shape(key, value) for key, value in converted.weights.items()}
    _check(shaped, source, arch)
    return Conversion(converted.layout, shaped, converted.dropped)


def _fit_shape(key: str, value: Tensor) -> Tensor:
    """Undo two spellings of the same weight: 1x1 convolutions, and GRN's broadcast axes."""
    if '.grn.' in key:
        return value.flatten()
    if '.pointwise_conv' in key and value.ndim == 4:
        return value.flatten(1)
    return value


def _check(weights: dict[str, Tensor], source: str | Path, arch: str | None) -> None:
    depths, channels = [0, 0, 0, 0], [0, 0, 0, 0]
    for key, value in weights.items():
        if key.startswith('stages.') and key.endswith('depthwise_conv.weight'):
            stage, block = (int(part) for part in key.split('.')[1:3])
            depths[stage] = max(depths[stage], block + 1)
            channels[stage] = value.size(0)
    if arch is not None:
        expected = ConvNeXt.arch_settings[arch]
        if (expected['depths'], expected['channels']) != (depths, channels):
            raise ValueError(
                f'{source}: expected depths {expected["depths"]} and widths '
                f'{expected["channels"]} ({arch}), found {depths} and {channels}'
            )
    if 0 in depths:
        raise ValueError(f'{source}: stage {depths.index(0)} has no blocks')
    network = ConvNeXt(
        arch={'depths': depths, 'channels': channels},
        in_channels=weights['downsample_layers.0.0.weight'].size(1),
        use_grn='stages.0.0.grn.gamma' in weights,
        layer_scale_init_value=1.0 if 'stages.0.0.gamma' in weights else 0.0,
        out_indices=[3],
    )
    check_weights(weights, network, source)

"""EfficientNet weights: key names of efficientnet_pytorch, and of U-Nets upon it, to timm's."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import torch
from torch import Tensor

from ktda_mmseg.utils.extras import needed_for

from .onnx_weights import read_graph
from .renaming import Conversion, check_weights, parts, rename

_ENCODER = r'(?:model\.encoder\.)?'
_DECODER = (r'model\.(?:decoder|segmentation_head)\..+', None)
_OUTER = {
    '_conv_stem': 'conv_stem',
    '_bn0': 'bn1',
    '_conv_head': 'conv_head',
    '_bn1': 'bn2',
    '_fc': 'classifier',
}
_WIDE = {
    '_expand_conv': 'conv_pw',
    '_bn0': 'bn1',
    '_depthwise_conv': 'conv_dw',
    '_bn1': 'bn2',
    '_se_reduce': 'se.conv_reduce',
    '_se_expand': 'se.conv_expand',
    '_project_conv': 'conv_pwl',
    '_bn2': 'bn3',
}
# The first stage does not expand.
_NARROW = {**_WIDE, '_bn1': 'bn1', '_project_conv': 'conv_pw', '_bn2': 'bn2'}


def efficientnet_to_timm(weights: dict[str, Tensor], source: str | Path) -> Conversion:
    """Translate the weights of an EfficientNet, or of a U-Net's encoder, to timm's keys."""
    widths = {
        int(found[1]): value.size(0)
        for key, value in weights.items()
        if (found := re.fullmatch(_ENCODER + r'_blocks\.(\d+)\._project_conv\.weight', key))
    }
    if not widths:
        raise ValueError(
            f"{source}: expected EfficientNet keys such as '_blocks.0._project_conv.weight', found "
            f'{parts(weights) or "no tensors"}'
        )
    rules: list[tuple[str, str | None]] = [_DECODER]
    rules += [(_ENCODER + rf'{old}\.(\w+)', rf'{new}.\1') for old, new in _OUTER.items()]
    # a stage is a run of blocks that give one width
    for stage, (_, blocks) in enumerate(groupby(sorted(widths), widths.__getitem__)):
        for index, block in enumerate(blocks):
            rules += [
                (_ENCODER + rf'_blocks\.{block}\.{old}\.(\w+)', rf'blocks.{stage}.{index}.{new}.\1')
                for old, new in (_WIDE if stage else _NARROW).items()
            ]
    return rename(weights, rules, 'efficientnet_pytorch', source)


def read_csmask(source: str | Path, name: str | None = None) -> Conversion:
    """Read the encoder of a U-Net of ukis-csmask, an EfficientNet-B4, for timm."""
    with needed_for(str(source), extra='timm'):
        import timm
    _, tensors = read_graph(source, name)
    converted = efficientnet_to_timm(tensors, source)
    weights = {key: value.float() for key, value in converted.weights.items()}
    stem = weights.get('conv_stem.weight')
    with torch.device('meta'):
        network = timm.create_model(
            'tf_efficientnet_b4', in_chans=3 if stem is None else stem.size(1)
        )
    network.prune_intermediate_layers(len(network.feature_info))  # the U-Net has no use for a head
    check_weights(weights, network, source)
    return Conversion(converted.layout, weights, converted.dropped)

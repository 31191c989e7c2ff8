"""Writing a trained model in other formats, each file kept only if it agrees with PyTorch."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ktda_mmseg.scenes.map.torch_predictor import TorchPredictor

from .comparison import LIMIT, SAME_LABELS, Agreement, compare, made_up_images
from .errors import ExportError, first_line
from .exported_card import ExportedCard, Output, card_path
from .exported_predictor import ExportedPredictor
from .formats import FORMATS
from .graph_formats import DEFAULT_OPSET, OPSETS
from .int8 import QUANTISERS
from .network import ExportedNetwork
from .scoring import mean_iou
from .tiles import windows_of


@dataclass(frozen=True)
class Contents:
    """What a file holds besides the network.

    Attributes:
        preprocess (bool): It takes stored values, fills empty pixels and normalises.
        output (str): What it gives.
        opset (int): Version of ONNX's operators.
        size (tuple[int, int] | None): The only height and width it takes; None for any that the
            architecture and the format allow.
    """

    preprocess: bool = False
    output: Output = 'logits'
    opset: int = DEFAULT_OPSET
    size: tuple[int, int] | None = None


class Exporter:
    """Exports one trained model.

    Args:
        config (Path): Config that trained it, or its deployed one.
        checkpoint (Path): Its weights.
        out (Path): Folder of the files, which are named after the config; made if need be.
        contents (Contents): What they hold.
        tiles (Iterable[Path]): Rasters that files are also compared on, and int8 is calibrated on.

    Raises:
        FileNotFoundError: If config, checkpoint or a tile is not there.
        ImportError: If there are tiles and rasterio is not installed.
        ValueError: If they do not fit each other, or the opset is not known.
    """

    def __init__(
        self,
        config: Path,
        checkpoint: Path,
        out: Path,
        contents: Contents = Contents(),
        tiles: Iterable[Path] = (),
    ) -> None:
        if contents.opset not in OPSETS:
            raise ValueError(
                f'expected an opset from {OPSETS[0]} to {OPSETS[-1]}, got {contents.opset}'
            )
        self.out, self.stem, self.contents = out, config.stem, contents
        self.reference = TorchPredictor(config, checkpoint, 'cpu')
        self.card = self.reference.card
        window = contents.size or self.card.window
        self.tiles = windows_of(tiles, replace(self.card, window=window))
        self.network = ExportedNetwork(
            self.reference.network.model, self.card, contents.preprocess, contents.output
        ).eval()

    def export(self, name: str) -> Path:
        """Write the model in one format, if need be for images of the window's size only.

        Args:
            name (str): One of :data:`~.formats.FORMATS`.

        Returns:
            Path: The file; its card lies beside it.

        Raises:
            ExportError: If the format cannot express the model, or the file does not agree with
                PyTorch; nothing is kept.
            ImportError: If a package is not installed.
        """
        if self.contents.size is not None:
            return self._export(name, self.contents.size)
        try:
            return self._export(name, None)
        except ExportError as error:
            print(f'{error}; trying images of one size')
        return self._export(name, self.card.window)

    def quantise(self, model: Path, labelled: Mapping[Path, Path]) -> Path:
        """Write an exported model in int8, with what that costs in its card.

        Args:
            model (Path): What :meth:`export` gave for 'onnx' or 'openvino'.
            labelled (Mapping[Path, Path]): The mask of each tile that both are scored on.

        Returns:
            Path: The file.

        Raises:
            ImportError: If a package is not installed.
            ValueError: If a tile cannot be read or is not what the model expects.
        """
        path = model.with_name(f'{self.stem}.int8{model.suffix}')
        card = ExportedCard.read(card_path(model))
        predictor = FORMATS[card.format].predictor
        full = predictor(model)
        images = [full.prepare(window[None]) for window in self.tiles]
        before = mean_iou(full, labelled)
        with self._staged(path, predictor) as staged:
            QUANTISERS[card.format](model, images, staged)
            card = replace(card, precision='int8', miou_float32=before)
            card.write(card_path(staged))
            quantised = predictor(staged)
            card = _measured(card, compare(self.reference, quantised, self._images(card)))
            replace(card, miou=mean_iou(quantised, labelled)).write(card_path(staged))
        return path

    def _export(self, name: str, size: tuple[int, int] | None) -> Path:
        chosen = FORMATS[name]
        path = self.out / f'{self.stem}{chosen.suffix}'
        card = self._card(name, size)
        example = made_up_images(self.card, 2, size or self.card.window)
        if not self.contents.preprocess:
            example /= np.abs(example).max()
        with self._staged(path, chosen.predictor) as staged:
            try:
                chosen.write(
                    self.network, torch.from_numpy(example), size is None,
                    self.contents.opset, staged,
                )  # fmt: skip
                card.write(card_path(staged))
                found = compare(self.reference, chosen.predictor(staged), self._images(card))
            except ImportError:
                raise
            except Exception as error:  # each format has errors of its own
                raise ExportError(
                    f'{path}: {_sizes(size)} cannot be expressed or run as {name}: '
                    f'{first_line(error)}'
                ) from error
            if not found.meets(self.contents.output):
                raise ExportError(
                    f"{path}: expected PyTorch's probabilities to {LIMIT:g} and its labels in "
                    f'{SAME_LABELS:.2%} of the pixels from a {name} file for {_sizes(size)}, '
                    f'got {found}'
                )
            if size is None:
                card = replace(card, smallest=self._smallest(card, chosen.predictor(staged)))
            _measured(card, found).write(card_path(staged))
        return path

    def _smallest(self, card: ExportedCard, predictor: ExportedPredictor) -> int:
        """Find the side from which on a file agrees, in powers of two: networks have strides."""
        side = card.multiple
        while side < min(card.window):
            # what PyTorch refuses, some runtimes compute all the same
            with suppress(Exception):
                images = made_up_images(card, 1, (side, side))
                if compare(self.reference, predictor, [images]).meets(card.output):
                    return side
            side *= 2
        return min(card.window)

    def _card(self, name: str, size: tuple[int, int] | None) -> ExportedCard:
        chosen, model = FORMATS[name], self.network.model
        described = ExportedCard(
            **asdict(self.card),
            format=name,
            opset=self.contents.opset if chosen.has_opset else None,
            precision='float32',
            preprocess=self.contents.preprocess,
            output=self.contents.output,
            size=size,
            multiple=chosen.multiple if size is None else 1,
            align_corners=model.align_corners,
            threshold=model.decode_head.threshold,
            max_difference=1.0,
            label_agreement=0.0,
        )
        return described

    def _images(self, card: ExportedCard) -> Iterator[np.ndarray]:
        """Yield batches that a file is compared on: of other sizes too, where it takes them."""
        height, width = card.size or card.window
        yield made_up_images(card, 3, (height, width))
        if card.size is None:
            odd = (height + 19, width + 37) if card.multiple == 1 else (height + 32, width + 64)
            yield made_up_images(card, 1, odd)
        for window in self.tiles:
            yield window[None]

    @contextmanager
    def _staged(self, path: Path, predictor: type[ExportedPredictor]) -> Iterator[Path]:
        """Give a name in a folder of its own; what is there in the end replaces what was."""
        self.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.out, prefix='.export.') as folder:
            staged = Path(folder, path.name)
            yield staged
            for source in (card_path(staged), *predictor.files(staged)):
                os.replace(source, self.out / source.name)


def _measured(card: ExportedCard, found: Agreement) -> ExportedCard:
    return replace(card, max_difference=found.max_difference, label_agreement=found.labels)


def _sizes(size: tuple[int, int] | None) -> str:
    return 'images of any size' if size is None else f'images of {size[0]}x{size[1]} pixels'

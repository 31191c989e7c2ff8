"""What a deployed model expects of an image and what its classes are, in one small JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import inf, nan
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from mmengine.config import Config

from ktda_mmseg.raster.files import Nodata
from ktda_mmseg.raster.ground import GroundSize
from ktda_mmseg.utils.files import write_json
from ktda_mmseg.utils.pipelines import datasets_in, steps_in

UINT8 = 'uint8'
Card = TypeVar('Card', bound='ModelCard')


@dataclass(frozen=True)
class ModelCard:
    """What stands beside a model.

    Stored values ``v`` of a band reach the network as ``(v - mean) / std``. Logits become
    probabilities once they are divided by the temperature.
    """

    classes: tuple[str, ...]  # names, in the order of the labels
    palette: tuple[tuple[int, int, int], ...]  # RGB from 0 to 255
    bands: tuple[int, ...]  # of a raster, counted from 1, in the network's order
    mean: tuple[float, ...]  # for each of them, in stored units; so are the next two
    std: tuple[float, ...]
    fill: tuple[float, ...]  # what stands in for pixels without data
    nodata: Nodata  # which those are, see ``LoadRasterFromFile``
    dtype: str | None  # that a raster must have, 'uint8', or None for any
    window: tuple[int, int]  # height and width in pixels of the images it was trained on
    temperature: float = field(default=1.0, kw_only=True)  # of ``ktda calibrate``
    # metres that their pixels measure on the ground, down and across; None if not known
    ground_size: GroundSize | None = field(default=None, kw_only=True)

    @classmethod
    def of(cls, config: Config, meta: Mapping[str, Any], temperature: float = 1.0) -> ModelCard:
        """Describe the model of a config, and its classes as checkpoints hold them.

        ``ValueError`` if the config loads images in a way that is not known here, or
        ``meta.dataset_meta`` of the checkpoint lacks names or colours.
        """
        if not meta.get('classes') or not meta.get('palette'):
            raise ValueError(
                'expected classes and palette in the checkpoint (meta.dataset_meta) or in the '
                f'data set of the config, got {sorted(meta)}'
            )
        preprocessor = config.model.data_preprocessor
        mean, std = (np.array(preprocessor[key], float) for key in ('mean', 'std'))
        # exchanged only where there are three bands
        flipped = len(mean) == 3 and (
            preprocessor.get('bgr_to_rgb') or preprocessor.get('rgb_to_bgr')
        )
        loading = _loading(config)
        if loading['type'] == 'LoadRasterFromFile':
            scale, offset, fill = (
                np.broadcast_to(np.array(loading.get(key, default), float), mean.shape)
                for key, default in (('scale', 1), ('offset', 0), ('fill', 0))
            )
            bands = list(loading.get('bands') or range(1, len(mean) + 1))
            if flipped:
                scale, offset, fill, bands = scale[::-1], offset[::-1], fill[::-1], bands[::-1]
            nodata, dtype = loading.get('nodata'), None
        else:
            # mmseg loads blue first; whether the network sees it so is for the preprocessor to say
            bands = [1, 2, 3] if flipped else [3, 2, 1]
            scale, offset, fill = np.ones(3), np.zeros(3), mean
            nodata, dtype = None, UINT8
        return cls(
            classes=tuple(meta['classes']),
            palette=tuple((int(r), int(g), int(b)) for r, g, b in meta['palette']),
            bands=tuple(int(band) for band in bands),
            mean=tuple(map(float, (mean - offset) / scale)),
            std=tuple(map(float, std / scale)),
            fill=tuple(map(float, (fill - offset) / scale)),
            nodata=nodata,
            dtype=dtype,
            window=_window(config),
            temperature=temperature,
            ground_size=_ground_size(config),
        )

    def write(self, path: Path) -> None:
        """Write the card as JSON, as a whole or not at all."""
        write_json(path, asdict(self), indent=2)

    @classmethod
    def read(cls: type[Card], path: Path) -> Card:
        """Read what :meth:`write` wrote."""
        if not path.is_file():
            raise FileNotFoundError(f'{path}: expected the model card beside the model, found none')
        try:
            content = json.loads(path.read_text(encoding='utf-8'))
            return cls(**{key: _tupled(value) for key, value in content.items()})
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(f'{path}: expected a model card, found: {error}') from None


def _loading(config: Config) -> Mapping[str, Any]:
    known = ('LoadImageFromFile', 'LoadRasterFromFile')
    # a loader may have a pipeline of its own, which is what test.py runs
    loader = config.get('test_dataloader') or {}
    tested: Mapping[str, Any] = next(datasets_in(loader.get('dataset')), {})
    pipeline = tested.get('pipeline') or config.get('test_pipeline') or []
    steps = [step for step in steps_in(pipeline) if step['type'] in known]
    if not steps:
        raise ValueError(f'expected test_pipeline of the config to hold one of {known}, found none')
    return steps[0]


def _window(config: Config) -> tuple[int, int]:
    testing = config.model.get('test_cfg', {})
    size = (
        # a config that predicts whole images may have inherited one
        (testing.get('crop_size') if testing.get('mode') == 'slide' else None)
        or config.model.data_preprocessor.get('size')
        or config.get('crop_size')
    )
    if size is None:
        raise ValueError(
            'expected model.data_preprocessor.size or crop_size in the config, found neither'
        )
    return int(size[0]), int(size[1])


def _ground_size(config: Config) -> GroundSize | None:
    size = config.get('ground_size')
    if size is None:
        return None
    try:
        down, across = np.broadcast_to(np.array(size, float), 2).tolist()
    except ValueError:
        down = across = nan
    if not (0 < down < inf and 0 < across < inf):
        raise ValueError(
            f'expected ground_size of the config in metres, one number or two, got {size!r}'
        )
    return down, across


def _tupled(value: Any) -> Any:  # noqa: ANN401
    return (
        tuple(map(_tupled, value))
        if isinstance(value, Sequence) and not isinstance(value, str)
        else value
    )

"""A config that gives a model the statistics of its training data."""

import copy
import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from pprint import pformat
from typing import Any

import numpy as np
from mmengine.config import Config
from mmseg.registry import MODELS

from .labels import median_frequency_weights
from .sources import Reading
from .survey import Survey

HEADS = ('decode_head', 'auxiliary_head')
NOTE = """\
# What tools/check_dataset.py measured in {images} training images; train with this config, or name
# it in `_base_` and use {{{{_base_.mean}}}}. Mean and std are those of the pixels as the model gets
# them. Class weights: median-frequency balancing (Eigen and Fergus, 2015); absent classes get 1."""


class _Variable(str):
    """A name that stands in the written source as it is."""

    __repr__ = str.__str__


WEIGHTS = _Variable('class_weight')


def render(config: Config, survey: Survey, reading: Reading, out: Path) -> bytes:
    """Write the config fragment.

    Args:
        config (Config): The checked config, which the fragment inherits.
        survey (Survey): Of the training split, with at least one readable image.
        reading (Reading): How its pipeline reads images.
        out (Path): File that the fragment is meant for.

    Returns:
        bytes: Python source with ``mean``, ``std`` and ``class_weight``, and the keys of the model
        that take them, where the config has a model.
    """
    model = config.to_dict().get('model', {})
    preprocessor = model.get('data_preprocessor', {})
    units = np.broadcast_arrays(reading.scale, reading.offset, np.empty(len(survey.bands)))[:2]
    statistics = [
        (band.mean * scale + offset, band.std * abs(scale) or 1.0)
        for band, scale, offset in zip(survey.bands, *units, strict=True)
    ]
    flipped = bool(preprocessor.get('bgr_to_rgb') or preprocessor.get('rgb_to_bgr'))
    # mmcv gives BGR, rasterio the order of the file; the model may turn either round
    if len(statistics) == 3 and reading.raster == flipped:
        statistics.reverse()
    lines = [
        NOTE.format(images=survey.images),
        f'_base_ = {os.path.relpath(Path(config.filename).resolve(), out.parent.resolve())!r}',
    ]
    for name, values in zip(('mean', 'std'), zip(*statistics, strict=True), strict=True):
        lines.append(f'{name} = {[float(f"{value:.6g}") for value in values]}')
    weights = median_frequency_weights(survey.pixels[:-1], survey.present)
    lines.append(f'class_weight = {weights}')
    if model:
        changes = {'data_preprocessor': {'mean': _Variable('mean'), 'std': _Variable('std')}}
        changes |= {head: _weighed(model.get(head)) for head in HEADS}
        changes = {key: change for key, change in changes.items() if change}
        lines.append(f'model = {pformat(changes, width=96, sort_dicts=False)}')
    return '\n'.join([*lines, '']).encode()


def _weighed(node: Any, is_loss: bool = False) -> Any:  # noqa: ANN401
    """Return what to change so that each loss that takes class weights gets them."""
    if isinstance(node, list):
        # a list replaces that of the base as a whole
        whole = copy.deepcopy(node)
        losses = list(_losses(whole, is_loss))
        for loss in losses:
            loss['class_weight'] = WEIGHTS
        return whole if losses else None
    if not isinstance(node, dict):
        return None
    if is_loss:
        return dict(class_weight=WEIGHTS) if _takes_weights(node) else None
    found = {k: _weighed(value, k == 'loss_decode') for k, value in node.items()}
    return {key: change for key, change in found.items() if change}


def _losses(node: Any, is_loss: bool) -> Iterator[dict]:  # noqa: ANN401
    if isinstance(node, list):
        for item in node:
            yield from _losses(item, is_loss)
    elif isinstance(node, dict) and is_loss:
        yield from [node] if _takes_weights(node) else []
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _losses(value, key == 'loss_decode')


def _takes_weights(loss: dict) -> bool:
    return 'class_weight' in inspect.signature(MODELS.get(loss['type'])).parameters

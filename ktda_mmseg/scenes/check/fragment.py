"""A config that gives a model the statistics of its training data."""

import inspect
import os
from pathlib import Path
from pprint import pformat
from typing import Any

import numpy as np
from mmengine.config import Config
from mmseg.registry import MODELS

from ktda_mmseg.utils.input_bands import RGB, fitted_model, white_of

from ...datasets.reading import Reading
from .survey import Survey

HEADS = ('decode_head', 'auxiliary_head')
NOTE = """\
# What tools/check_dataset.py measured in {images} training images; train with this config, or name
# it in `_base_` and use {{{{_base_.mean}}}}. Mean and std are those of the pixels as the model gets
# them. Class weights: median-frequency balancing (Eigen and Fergus, 2015); absent classes get 1."""


class _Variable(str):
    """A name that stands in the written source as it is."""

    __repr__ = str.__str__


MEAN, STD = _Variable('mean'), _Variable('std')
WEIGHTS = _Variable('class_weight')
# of the one output for two classes, against the other
RATIO = _Variable('[class_weight[1] / class_weight[0]]')


def render(config: Config, survey: Survey, reading: Reading, out: Path) -> bytes:
    """Write Python source with ``mean``, ``std`` and ``class_weight``, and what takes them.

    The survey is that of the training split, with at least one readable image; the config, which
    the fragment at ``out`` inherits, need not have a model.
    """
    model = config.to_dict().get('model', {})
    preprocessor = model.get('data_preprocessor', {})
    units = np.broadcast_arrays(reading.scale, reading.offset, np.empty(len(survey.bands)))[:2]
    statistics = [
        (band.mean * scale + offset, band.std * abs(scale) or 1.0)
        for band, scale, offset in zip(survey.bands, *units, strict=True)
    ]
    flipped = bool(preprocessor.get('bgr_to_rgb') or preprocessor.get('rgb_to_bgr'))
    # mmcv gives BGR, and the model may turn it round; rasters come in the order of their file
    if len(statistics) == 3 and not reading.raster and not flipped:
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
        changes: dict[str, Any] = {'data_preprocessor': {'mean': MEAN, 'std': STD}}
        if reading.raster or len(statistics) != RGB:
            stored = (survey.bands[0].dtype, reading.scale, reading.offset)
            white = None if stored == ('uint8', 1.0, 0.0) else white_of(statistics)
            changes = fitted_model(model, len(statistics), MEAN, STD, white)
        changes |= {head: _weighed(model.get(head)) for head in HEADS}
        changes = {key: change for key, change in changes.items() if change}
        lines.append(f'model = {pformat(changes, width=96, sort_dicts=False)}')
    return '\n'.join([*lines, '']).encode()


def median_frequency_weights(pixels: np.ndarray, present: np.ndarray) -> list[float]:
    """Weigh K classes by their pixels (K,), and the labelled pixels of images that show them (K,).

    The frequency of a class is the one over the other; its weight is the median frequency over its
    frequency, 1 if it is absent. Source: Eigen and Fergus, 2015, arXiv:1411.4734, section 6.3.2.
    """
    seen = pixels > 0
    frequency = pixels[seen] / present[seen]
    weights = np.ones(len(pixels))
    weights[seen] = np.median(frequency) / frequency if seen.any() else 1
    return [float(f'{weight:.4g}') for weight in weights]


def _weighed(node: Any, is_loss: bool = False, weights: _Variable = WEIGHTS) -> Any:  # noqa: ANN401
    """Return what to change so that each loss that takes class weights gets them."""
    if isinstance(node, list):
        changes = [_weighed(item, is_loss, weights) for item in node]
        # a list replaces that of the base as a whole
        return list(map(_changed, node, changes)) if any(changes) else None
    if not isinstance(node, dict):
        return None
    if is_loss:
        takes = 'class_weight' in inspect.signature(MODELS.get(node['type'])).parameters
        return dict(class_weight=weights) if takes else None
    # those of a head with one output are the weight of its one class
    weights = RATIO if node.get('out_channels') == 1 else weights
    found = {k: _weighed(value, k == 'loss_decode', weights) for k, value in node.items()}
    return {key: change for key, change in found.items() if change}


def _changed(node: Any, change: Any) -> Any:  # noqa: ANN401
    if isinstance(node, dict) and isinstance(change, dict):
        return {**node, **{key: _changed(node.get(key), part) for key, part in change.items()}}
    return node if change is None else change

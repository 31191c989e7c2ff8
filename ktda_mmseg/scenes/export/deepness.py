"""What QGIS's plugin Deepness reads in an ONNX file to set itself up, so that it makes our labels.

Keys and rules are those of its ``processing/models/model_base.py``, version 0.6.5: values are JSON.
It divides pixels by 255, whatever their type, subtracts a mean and divides by a deviation; then it
takes the largest of the probabilities that reach a threshold.
"""

from __future__ import annotations

from math import sqrt
from pathlib import Path

from ktda_mmseg.utils.files import json_text

from .exported_card import ExportedCard
from .exported_predictor import import_for_export

WHITE = 255
OVERLAP = 25  # percent of a tile; what maps of ours take


def describe_for_deepness(path: Path, card: ExportedCard) -> None:
    """Add the metadata to a file; none if it gives what the plugin cannot use."""
    if card.output != 'probabilities':
        return
    onnx = import_for_export('onnx')
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, metadata_of(card))
    onnx.save(model, str(path))


def metadata_of(card: ExportedCard) -> dict[str, str]:
    """Return what is known of a file that gives probabilities, by key."""
    mean, std = card.mean, card.std
    if card.preprocess:  # it takes stored values
        mean, std = (0.0,) * len(card.bands), (1.0,) * len(card.bands)
    height, width = card.size or card.window
    known: dict[str, object] = {
        'model_type': 'Segmentor',
        'class_names': {str(label): name for label, name in enumerate(card.classes)},
        'standardization_mean': [value / WHITE for value in mean],
        'standardization_std': [value / WHITE for value in std],
        'tiles_overlap': OVERLAP,
        # the most probable class is the label, however small its area
        'seg_thresh': 0,
        'seg_small_segment': 0,
    }
    if height == width:
        # its documentation has another name than its code
        known |= {'tile_size': width, 'tiles_size': width}
    if card.ground_size is not None:
        down, across = card.ground_size
        known['resolution'] = round(100 * sqrt(down * across), 3)  # centimetres
    return {key: json_text(value) for key, value in known.items()}

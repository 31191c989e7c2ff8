"""The STAC item of an exported model, by the extension for models (MLM)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from importlib.metadata import version
from math import sqrt
from pathlib import Path
from typing import Any

from mmseg.models import BaseSegmentor

from ktda_mmseg.scenes.map.stac import add_file, classes_of, item_path, new_item, save
from ktda_mmseg.utils.files import hash_of

from .exported_card import ExportedCard, card_path

TASKS = ['semantic-segmentation']
FRAMEWORKS = {'onnx': 'ONNX', 'openvino': 'OpenVINO'}  # as the extension writes them
MADE_BY = {'onnx': 'torch.onnx.export', 'openvino': 'openvino.save_model'}
PARAMETERS = ('opset', 'precision', 'temperature', 'threshold', 'align_corners', 'smallest')
FREE = -1  # of an axis


def write_model_item(
    path: Path, files: Iterable[Path], card: ExportedCard, model: BaseSegmentor
) -> None:
    """Write the item of an exported file beside it; it has no place, and the time of now.

    Args:
        path (Path): The file that names the model.
        files (Iterable[Path]): All of its files, without the card.
        card (ExportedCard): The card.
        model (BaseSegmentor): The network.

    Raises:
        ImportError: If pystac is not installed.
    """
    now = datetime.now(timezone.utc)
    item = new_item(path.name, {'datetime': f'{now:%Y-%m-%dT%H:%M:%SZ}'})
    item.properties |= {
        'mlm:name': path.name,
        'mlm:architecture': ' + '.join(
            type(part).__name__ for part in (model, model.backbone, model.decode_head)
        ),
        'mlm:tasks': TASKS,
        'mlm:framework': FRAMEWORKS[card.format],
        'mlm:framework_version': version(card.format),
        'mlm:total_parameters': sum(values.numel() for values in model.parameters()),
        'mlm:accelerator': None,
        'mlm:accelerator_constrained': False,
        'mlm:input': [_input(card)],
        'mlm:output': [_output(card)],
        'mlm:hyperparameters': {key: getattr(card, key) for key in PARAMETERS},
    }
    if card.ground_size is not None:
        down, across = card.ground_size
        item.properties['gsd'] = sqrt(down * across)
    for file in files:
        key, role = 'weights', 'mlm:weights'
        told: dict[str, Any] = {}
        if file == path:
            key, role = 'model', 'mlm:model'
            told = {'mlm:artifact_type': MADE_BY[card.format], 'eo:bands': _bands(card)}
        told |= {'file:size': file.stat().st_size, 'file:checksum': f'1220{hash_of(file)}'}
        add_file(
            item, key, file, f'application/octet-stream; framework={card.format}', role, key, **told
        )
    add_file(item, 'card', card_path(path), 'application/json', 'metadata')
    save(item, item_path(path), 'mlm', 'classification', 'file', 'eo')


def _bands(card: ExportedCard) -> list[dict[str, Any]]:
    # MLM asks for the bands of STAC 1.1 in a place that the core of STAC forbids; these are older
    return [
        {'name': f'band_{band}', 'description': f'Band {band} of a raster, counted from 1'}
        for band in card.bands
    ]


def _input(card: ExportedCard) -> dict[str, Any]:
    scaling, filling = None, 'Stored values; pixels without data are filled, and all scaled, inside'
    if not card.preprocess:
        scaling = [
            {'type': 'z-score', 'mean': mean, 'stddev': std}
            for mean, std in zip(card.mean, card.std, strict=True)
        ]
        filling = f'Before scaling, bands hold {list(card.fill)} in pixels without data'
    return {
        'name': 'images',
        'description': filling,
        'bands': [band['name'] for band in _bands(card)],
        'input': {
            'shape': [FREE, len(card.bands), *(card.size or (FREE, FREE))],
            'dim_order': ['batch', 'bands', 'height', 'width'],
            'data_type': 'float32',
        },
        'value_scaling': scaling,
        'resize_type': None,
        'pre_processing_function': None,
    }


def _output(card: ExportedCard) -> dict[str, Any]:
    size = card.size or (FREE, FREE)
    layers, described = [len(card.classes)], 'At the size of the images'
    if card.output == 'labels':
        layers = []
    elif card.output == 'logits':
        size = (FREE, FREE)  # of the decoder
        ending = 'softmax'
        if card.threshold is not None:
            layers, ending = (
                [1],
                'sigmoid for class 1, once the logit of the threshold is taken off',
            )
        described = (
            f'Bring them to the size of the images, bilinearly; divide by the temperature; {ending}'
        )
    return {
        'name': card.output,
        'description': described,
        'tasks': TASKS,
        'result': {
            'shape': [FREE, *layers, *size],
            'dim_order': ['batch', *['class'] * len(layers), 'height', 'width'],
            'data_type': 'float32' if layers else 'uint8',
        },
        # the extension's own reader, stac-model, refuses titles; descriptions hold the same
        'classification:classes': [
            {key: value for key, value in one.items() if key != 'title'} for one in classes_of(card)
        ],
        'post_processing_function': None,
    }

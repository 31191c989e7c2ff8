"""The STAC item of an exported model says what its file takes and gives, as its runtime does."""

import hashlib
import json
from dataclasses import replace
from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ktda_mmseg.scenes.export.exported_card import ExportedCard, card_path
from ktda_mmseg.scenes.export.exported_predictor import OnnxPredictor
from ktda_mmseg.scenes.export.model_item import write_model_item
from ktda_mmseg.scenes.map.stac import item_path

pystac = pytest.importorskip('pystac')
MLMExtension = pytest.importorskip('pystac.extensions.mlm').MLMExtension
onnxruntime = pytest.importorskip('onnxruntime')
pytest.importorskip('onnx')


def read(path):
    """Read the item beside a file, as the extension's classes have it."""
    item = pystac.Item.from_file(item_path(path))
    return item, MLMExtension.ext(item)


@pytest.mark.parametrize(
    ('preprocess', 'output', 'size', 'shape'),
    [
        (True, 'probabilities', None, [-1, 5, -1, -1]),
        (False, 'logits', (64, 64), [-1, 5, -1, -1]),  # of the decoder
    ],
)
def test_an_onnx_file(exporter, preprocess, output, size, shape):
    made = exporter(preprocess, output, dict(ground_size=(0.5, 2)), size=size, stac=True)
    path = made.export('onnx')
    item, model = read(path)
    card = ExportedCard.read(card_path(path))
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    (images,) = session.get_inputs()
    told, result = model.input[0].input, model.output[0].result
    assert told.shape == [side if isinstance(side, int) else -1 for side in images.shape]
    assert (told.dim_order, told.data_type) == (['batch', 'bands', 'height', 'width'], 'float32')
    (found,) = session.run(None, {images.name: np.zeros((2, 3, 64, 64), told.data_type)})
    assert result.shape == shape and result.data_type == found.dtype
    assert len(result.dim_order) == found.ndim
    assert all(axis in (-1, length) for axis, length in zip(shape, found.shape, strict=True))
    assert (model.input[0].name, model.output[0].name) == ('images', output)
    assert model.input[0].bands == [f'band_{band}' for band in card.bands]
    bands = item.assets['model'].extra_fields['eo:bands']  # where the extension looks for them
    assert [band['name'] for band in bands] == model.input[0].bands
    if preprocess:
        assert model.input[0].value_scaling is None
    else:
        # pystac's class takes the list for one object
        scaling = item.properties['mlm:input'][0]['value_scaling']
        assert [one['type'] for one in scaling] == ['z-score'] * 3
        pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 5)).astype(np.float32)
        mean, std = (
            np.array([one[key] for one in scaling])[:, None, None] for key in ('mean', 'stddev')
        )
        prepared = made.reference.network.normalised(torch.from_numpy(pixels))
        np.testing.assert_allclose((pixels - mean) / std, prepared, rtol=1e-5, atol=1e-6)
    # stac-model 0.7 takes no other keys of a class
    assert item.properties['mlm:output'][0]['classification:classes'] == [
        dict(value=i, name=name, description=name, color_hint=f'0{i}0000')
        for i, name in enumerate('abcde')
    ]
    assert model.tasks == ['semantic-segmentation'] and model.framework == 'ONNX'
    assert model.accelerator is None and not model.accelerator_constrained
    assert item.properties['mlm:name'] == item.id == 'model.onnx' and item.geometry is None
    assert item.properties['gsd'] == 1
    asset = item.assets['model']
    assert asset.get_absolute_href() == str(path) and 'mlm:model' in asset.roles
    assert asset.ext.file.size == path.stat().st_size
    # a multihash: SHA-256, of 32 bytes
    assert asset.ext.file.checksum == '1220' + hashlib.sha256(path.read_bytes()).hexdigest()
    assert item.assets['card'].get_absolute_href() == str(card_path(path))
    # another file of that name, without an item, takes the item away
    made.stac = False
    with made._staged(path, OnnxPredictor) as staged:
        staged.touch(), card_path(staged).touch()
    assert not item_path(path).exists()


def test_labels_of_openvino(model, tmp_path):
    """No file of that format is made for it: the item comes from the card."""
    pytest.importorskip('openvino')
    card = replace(
        ExportedCard.read(card_path(model)), format='openvino', output='labels', size=(64, 32)
    )
    files = [tmp_path / f'model{end}' for end in ('.bin', '.xml')]
    for file in files:
        file.write_bytes(b'12345')
    network = SimpleNamespace(backbone=1, decode_head='', parameters=lambda: [torch.zeros(3, 4)])
    write_model_item(files[1], files, card, network)
    item, told = read(files[1])
    assert item.properties['mlm:architecture'] == 'SimpleNamespace + int + str'
    assert (told.framework, told.total_parameters) == ('OpenVINO', 12)
    assert told.framework_version == version('openvino')
    hrefs = {key: asset.href for key, asset in item.assets.items()}
    assert hrefs == dict(model='./model.xml', weights='./model.bin', card='./model.xml.json')
    result = told.output[0].result
    assert (result.shape, result.dim_order) == ([-1, 64, 32], ['batch', 'height', 'width'])
    assert result.data_type == 'uint8' and told.input[0].input.shape == [-1, 3, 64, 32]


def test_one_output_for_two_classes(model, tmp_path):
    card = ExportedCard.read(card_path(model))
    card = replace(
        card, classes=('a', 'b'), palette=((0,) * 3,) * 2, output='logits', threshold=0.3
    )
    network = SimpleNamespace(backbone=1, decode_head='', parameters=list)
    write_model_item(model, [model], card, network)
    (output,) = read(model)[1].output
    assert output.result.shape == [-1, 1, -1, -1] and len(output.classes) == 2
    assert 'sigmoid' in output.description


def test_the_core_is_valid(model):
    pytest.importorskip('jsonschema')
    from pystac.validation import validate_dict

    network = SimpleNamespace(backbone=1, decode_head='', parameters=list)
    write_model_item(model, [model], ExportedCard.read(card_path(model)), network)
    validate_dict(json.loads(item_path(model).read_text()), extensions=[])  # those need the net

"""Every runtime gives the confidence of a calibrated checkpoint, and the labels of the other."""

import json
from math import log

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.special import softmax

from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.checkpoints.deploy import export_deploy
from ktda_mmseg.checkpoints.temperature import write_temperature
from ktda_mmseg.scenes.export.exporting import Exporter
from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.strips import Layers
from ktda_mmseg.scenes.map.torch_predictor import class_probabilities
from ktda_mmseg.scenes.predictors import load_predictor

TEMPERATURE = 2.5
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')


@pytest.fixture
def layers(tmp_path):
    """Return a function that maps a picture and returns labels and confidence."""
    rasterio = pytest.importorskip('rasterio')
    pixels = np.random.default_rng(0).integers(0, 256, (12, 10, 3), np.uint8)
    Image.fromarray(pixels.repeat(8, 0).repeat(8, 1)).save(tmp_path / 'scene.png')

    def layers(name, *model, **options):
        inferencer = SceneInferencer(
            load_predictor(*model, **options), products=Products(Layers(confidence=True))
        )
        (result,) = inferencer([tmp_path / 'scene.png'], tmp_path / name)
        assert not result.error
        found = []
        for kind in ('map', 'confidence'):
            with rasterio.open(result.files[kind]) as file:
                found.append(file.read(1).astype(int))
        return found

    return layers


@pytest.fixture
def files(train, tmp_path):
    """A config, a checkpoint with doubts, and the same one calibrated."""
    torch.manual_seed(0)
    config, plain = train()
    content = read_checkpoint(plain)
    content['state_dict']['decode_head.decoder.conv_seg.weight'] /= 10
    torch.save(content, plain)
    calibrated = tmp_path / 'calibrated.pth'
    write_temperature(content, TEMPERATURE, plain, calibrated)
    return config, plain, calibrated


@pytest.mark.parametrize(
    ('name', 'output'),
    [
        ('onnx', 'logits'),
        ('onnx', 'probabilities'),
        pytest.param('openvino', 'probabilities', marks=pytest.mark.slow),
    ],
)
def test_an_exported_file_gives_it(files, layers, tmp_path, name, output):
    """Slow with OpenVINO, which compiles each of the files that it compares."""
    for package in ('onnx', 'onnxruntime', *['openvino'] * (name == 'openvino')):
        pytest.importorskip(package)
    config, plain, calibrated = files
    labels, before = layers('plain', config, plain, device='cpu')
    same, confidence = layers('calibrated', config, calibrated, device='cpu')
    np.testing.assert_array_equal(same, labels)
    assert (confidence < before).mean() > 0.5 and len(np.unique(labels)) > 1

    exporter = Exporter(config, calibrated, tmp_path / 'out', True, output)
    model = exporter.export(name)
    card = json.loads(model.with_name(f'{model.name}.json').read_text())
    assert card['temperature'] == TEMPERATURE
    found, exported = layers('exported', model)
    np.testing.assert_array_equal(found, labels)
    assert np.abs(exported - confidence).max() <= 1
    if (name, output) == ('onnx', 'probabilities'):
        import onnxruntime

        images = np.random.default_rng(1).integers(0, 256, (2, 3, 64, 64)).astype(np.float32)
        (inside,) = onnxruntime.InferenceSession(str(model)).run(None, {'images': images})
        network = exporter.reference.network
        with torch.no_grad():
            inputs = network.normalised(torch.from_numpy(images))
            metas = [dict(img_shape=(64, 64), pad_shape=(64, 64))]
            logits = network.model.encode_decode(inputs, metas).numpy()
        np.testing.assert_allclose(inside, softmax(logits / TEMPERATURE, 1), atol=1e-4)


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_the_deployed_checkpoint_keeps_it(files, layers, tmp_path, suffix):
    (config, _, calibrated), out = files, tmp_path / f'deployed{suffix}'
    export_deploy(config, calibrated, out, drop_auxiliary=True)
    assert read_checkpoint(out)['meta']['temperature'] == TEMPERATURE
    expected = layers('calibrated', config, calibrated, device='cpu')
    found = layers('deployed', out.with_suffix('.py'), out, device='cpu')
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize('threshold', [None, 0.2])
def test_one_output_keeps_the_labels_of_its_threshold(threshold):
    logits = torch.linspace(-6, 6, 400).view(1, 1, 20, 20)
    shift = 0 if threshold is None else log(threshold / (1 - threshold))
    found = class_probabilities(logits, threshold, TEMPERATURE)
    torch.testing.assert_close(found[:, 1:], ((logits - shift) / TEMPERATURE).sigmoid())
    plain = class_probabilities(logits, threshold)
    assert torch.equal(found.argmax(1), plain.argmax(1))

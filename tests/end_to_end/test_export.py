"""A model leaves Python by the command line, and maps a scene as its checkpoint does."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS
from PIL import Image

PARTS = ('type', 'backbone', 'neck', 'decode_head', 'data_preprocessor', 'test_cfg')


@pytest.fixture
def trained(quickstart, tmp_path):
    """Config and random weights of the quickstart's model, with an opinion."""
    config = Config.fromfile(quickstart)
    config.model.backbone.pop('init_cfg', None)
    model = MODELS.build({k: v for k, v in config.model.items() if k in PARTS})
    for value in model.parameters():
        value.data += torch.randn_like(value) * 0.05
    model.decode_head.decoder.conv_seg.weight.data *= 20
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'trained.pth')
    return quickstart, tmp_path / 'trained.pth'


@pytest.mark.slow
def test_an_onnx_file_maps_what_its_checkpoint_does(tools, trained, tmp_path):
    """Slow: three commands, one of which exports and compares."""
    for package in ('onnxruntime', 'onnx', 'rasterio'):
        pytest.importorskip(package)
    pixels = np.random.default_rng(0).integers(0, 256, (10, 12, 3), np.uint8)
    Image.fromarray(pixels.repeat(20, 0).repeat(20, 1)).save(tmp_path / 'scene.png')
    printed = tools(
        'export.py', *trained, '--format', 'onnx', '--out', tmp_path / 'models',
        '--preprocess', '--postprocess', 'probabilities', '--tiles', tmp_path / 'scene.png',
    )  # fmt: skip
    assert 'synthetic.onnx: onnx, float32, opset 17, any size, gives probabilities' in printed
    maps = []
    for folder, model in (('a', trained), ('b', [tmp_path / 'models' / 'synthetic.onnx'])):
        tools('predict_scene.py', *model, tmp_path / 'scene.png', '--out', tmp_path / folder)
        maps.append(np.asarray(Image.open(tmp_path / folder / 'scene.tif')))
    assert maps[0].shape == (200, 240)
    assert len(np.unique(maps[0])) > 1
    assert (maps[0] == maps[1]).mean() >= 0.9999


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--format', 'onnx', '--opset', '3'], 'error: expected an opset from 14 to 20, got 3'),
        (['--format', 'onnx', '--int8'], '--int8 expects --tiles to calibrate on and --reference'),
        (['--format', 'caffe'], "invalid choice: 'caffe'"),
    ],
)
def test_mistakes_end_in_one_line(tools, trained, tmp_path, arguments, message):
    printed = tools.fail('export.py', *trained, '--out', tmp_path / 'models', *arguments)
    assert message in printed
    assert 'Traceback' not in printed
    assert not (tmp_path / 'models').exists()

"""Every tool refuses a model that tells apart other classes than its data have, in one sentence."""

import json
import re

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from ktda_mmseg.checkpoints.deploy import load_deployed
from ktda_mmseg.scenes.check.running import check
from ktda_mmseg.scenes.export.exporting import Exporter
from ktda_mmseg.scenes.predictors import load_named
from ktda_mmseg.utils.class_count import class_count_fault

SENTENCE = 'model.decode_head.num_classes: expected 5, as many as classes, got {}'


@pytest.fixture
def wrong(run_config, request):
    """A config whose model has as many classes as the test says; its data set has five."""
    config = Config.fromfile(run_config)
    config.model.decode_head.num_classes = request.param
    config.crop_size = (64, 64)
    config.dump(run_config)
    torch.save(
        {'state_dict': {'a': torch.zeros(1)}, 'meta': {}}, run_config.with_name('weights.pth')
    )
    return run_config


@pytest.mark.parametrize('wrong', [3, 8], indirect=True, ids=['too few', 'too many'])
def test_all_tools_say_the_same(wrong, run_tool):
    count = Config.fromfile(wrong).model.decode_head.num_classes
    weights, folder = wrong.with_name('weights.pth'), wrong.parent
    sentence = SENTENCE.format(count)
    assert sentence in [fault.message for fault in check(Config.fromfile(wrong)).faults]
    out = ['--work-dir', folder / 'work']
    Image.new('RGB', (64, 64)).save(folder / 'scene.png')
    for name, *arguments in (
        ('train.py', wrong, *out),
        ('test.py', wrong, weights, *out),
        ('predict_scene.py', wrong, weights, folder / 'scene.png', '--out', folder / 'maps'),
    ):
        with pytest.raises(SystemExit, match=re.escape(sentence)):
            run_tool(name, *arguments)
    for load in (
        lambda: load_deployed(wrong, weights),
        lambda: Exporter(wrong, weights, folder / 'exported'),
        lambda: load_named([('mine', str(wrong), str(weights))], 'cpu'),
    ):
        with pytest.raises(ValueError, match=r'num_classes: expected 5, as many as classes, got'):
            load()


@pytest.mark.parametrize(
    ('model', 'found'),
    [
        (dict(decode_head=dict(num_classes=2)), None),
        (dict(decode_head=dict(num_classes=2), auxiliary_head=None), None),
        (dict(decode_head=dict(type='Odd')), None),
        (dict(decode_head=dict(num_classes=None)), 'decode_head.num_classes: expected 2'),
        (
            dict(decode_head=[dict(num_classes=2), dict(num_classes=7)]),
            'decode_head[1].num_classes: expected 2, as many as classes, got 7',
        ),
        (
            dict(decode_head=dict(num_classes=2), auxiliary_head=dict(num_classes=19)),
            'auxiliary_head.num_classes: expected 2, as many as classes, got 19',
        ),
    ],
)
def test_each_head_is_asked(model, found):
    fault = class_count_fault(model, ('land', 'sea'))
    assert fault is None if found is None else found in fault


def test_one_class_is_none_whatever_the_model_has():
    for count in (1, 2):
        fault = class_count_fault(dict(decode_head=dict(num_classes=count)), ('roof',))
        assert "found one, 'roof'" in fault and 'unlabelled: background' in fault


def test_an_exported_file_of_other_classes_is_refused(tmp_path):
    onnx = pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    from ktda_mmseg.scenes.export.exported_card import card_path
    from ktda_mmseg.scenes.export.exported_predictor import OnnxPredictor

    shape = [None, 3, None, None]
    image, same = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in 'ab'
    )
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node('Identity', ['a'], ['b'])], 'same', [image], [same]
    )
    opset = [onnx.helper.make_opsetid('', 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / 'm.onnx')
    card = dict(
        classes=['a', 'b'], palette=[[0, 0, 0], [9, 9, 9]], bands=[1, 2, 3], mean=[0.0] * 3,
        std=[1.0] * 3, fill=[0.0] * 3, nodata=None, dtype='uint8', window=[8, 8], format='onnx',
        opset=17, precision='float32', preprocess=True, output='probabilities', size=None,
        multiple=1, align_corners=False, threshold=None, max_difference=0.0, label_agreement=1.0,
    )  # fmt: skip
    card_path(tmp_path / 'm.onnx').write_text(json.dumps(card))
    with pytest.raises(ValueError, match='expected 2 outputs, as many as classes of the card, got'):
        OnnxPredictor(tmp_path / 'm.onnx')(np.zeros((1, 3, 8, 8), np.float32))

"""A graph as a teacher: its own tensors, in the units that it learned from."""

from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmseg.models import SegDataPreProcessor
from torch import nn

from ktda_mmseg.models import FrozenTeacher
from ktda_mmseg.models.backbones import OnnxBackbone

onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
LEVELS = ('first', 'second')
CONFIGS = Path(__file__).resolve().parents[3] / 'configs'


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.Conv2d(4, 6, 3, padding=1))


@pytest.fixture
def file(network, tmp_path):
    """The network as a graph that gives nothing but the sum of its second level."""
    values = onnx.numpy_helper.from_array
    weights = [values(v.detach().numpy(), k) for k, v in network.state_dict().items()]
    nodes = [
        onnx.helper.make_node(
            'Conv', ['x', '0.weight', '0.bias'], ['first'], strides=[2, 2], pads=[1] * 4
        ),
        onnx.helper.make_node('Conv', ['first', '1.weight', '1.bias'], ['second'], pads=[1] * 4),
        onnx.helper.make_node('ReduceSum', ['second'], ['sum']),
    ]
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes,
        'network',
        [onnx.helper.make_tensor_value_info('x', kind, ['n', 3, 'h', 'w'])],
        [onnx.helper.make_tensor_value_info('sum', kind, None)],
        weights,
    )
    path = tmp_path / 'network.onnx'
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 17)])
    model.ir_version = 8
    onnx.save(model, path)
    return path


def test_levels_are_the_tensors_of_these_names(file, network):
    x = torch.randn(2, 3, 12, 16)
    first, second = OnnxBackbone(str(file), LEVELS)(x)
    torch.testing.assert_close(first, network[0](x), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(second, network(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ('shape', 'given'),
    [
        (['n', 3, 16, 16], [2, 3, 8, 8]),
        (['n', 3, 'h', 'w'], [2, 4, 8, 8]),
        ([1, 3, 8, 8], [2, 3, 8, 8]),
    ],
)
def test_a_graph_of_a_fixed_size_says_which(file, shape, given):
    model = onnx.load(file)
    values = model.graph.input[0]
    values.CopyFrom(onnx.helper.make_tensor_value_info('x', onnx.TensorProto.FLOAT, shape))
    onnx.save(model, file)
    backbone = OnnxBackbone(str(file), LEVELS)
    with pytest.raises(ValueError, match='expected input .* got ') as caught:
        backbone(torch.randn(given))
    assert f'input {shape} of its graph, got {given}' in str(caught.value)
    fitting = [2 if side == 'n' else side if isinstance(side, int) else 8 for side in shape]
    assert len(backbone(torch.randn(fitting))) == 2


def test_as_a_teacher_it_sees_its_own_units(file, network):
    config = dict(
        type='OnnxBackbone',
        checkpoint=str(file),
        outputs=LEVELS,
        input_mean=[10.0, 20.0, 30.0],
        input_std=[2.0, 3.0, 4.0],
    )
    students = SegDataPreProcessor(mean=[100.0] * 3, std=[50.0] * 3)
    teacher = FrozenTeacher(config, students)
    image = torch.from_numpy(np.random.default_rng(0).uniform(0, 255, (1, 3, 8, 8))).float()
    _, seen = teacher((image - 100) / 50)
    mean, std = (torch.tensor(config[key]).view(3, 1, 1) for key in ('input_mean', 'input_std'))
    torch.testing.assert_close(seen, network((image - mean) / std), atol=1e-4, rtol=1e-4)


def test_another_graph_is_another_teacher(file, network, tmp_path):
    students = SegDataPreProcessor(mean=[0.0] * 3, std=[1.0] * 3)

    def digest(path, outputs=LEVELS):
        config = dict(type='OnnxBackbone', checkpoint=str(path), outputs=outputs)
        return FrozenTeacher(config, students).fingerprint()

    (copy := tmp_path / 'copy.onnx').write_bytes(file.read_bytes())
    assert digest(copy) == digest(file)
    assert digest(file, ['second']) != digest(file)
    model = onnx.load(file)
    model.graph.initializer[0].raw_data = bytes(len(model.graph.initializer[0].raw_data))
    onnx.save(model, copy)
    assert digest(copy) != digest(file)


def test_what_is_no_tensor_of_it_is_named(file, tmp_path):
    with pytest.raises(ValueError, match="'third'.*first, second, sum"):
        OnnxBackbone(str(file), ['first', 'third'])
    with pytest.raises(FileNotFoundError, match='gone.onnx'):
        OnnxBackbone(str(tmp_path / 'gone.onnx'), LEVELS)
    (tmp_path / 'text.onnx').write_text('no graph')
    with pytest.raises(ValueError, match='text.onnx'):
        OnnxBackbone(str(tmp_path / 'text.onnx'), LEVELS)


def test_the_decoder_of_csmask_fits_its_config():
    """Its last maps are those that the package's own head makes the logits of."""
    pytest.importorskip('ukis_csmask', reason='needs ukis-csmask, 145 MB')
    file = Path(str(resources.files('ukis_csmask'))) / 'model_6b_l1c.onnx'
    config = Config.fromfile(CONFIGS / '_base_/models/ktda_fpn_csmask.py')
    options = dict(config.csmask_decoder, checkpoint=str(file))
    for key in ('type', 'bands', 'window'):
        options.pop(key)
    options['outputs'] = [*options['outputs'], 'output']
    x = torch.randn(1, 6, 256, 256)
    *levels, logits = OnnxBackbone(**options)(x)
    assert [level.size(1) for level in levels] == config.model.neck.out_channels
    assert [256 // level.size(2) for level in levels] == [2, 8, 16]
    assert logits.shape == (1, 3, 256, 256)

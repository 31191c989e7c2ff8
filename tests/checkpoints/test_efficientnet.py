"""The encoder of ukis-csmask, in timm, sees what the package's own network sees."""

import json
import zipfile
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.checkpoints.converters import convert_csmask_file
from ktda_mmseg.checkpoints.efficientnet import efficientnet_to_timm
from ktda_mmseg.datasets import LoadRasterFromFile
from ktda_mmseg.models import FrozenTeacher, MultiBandSegDataPreProcessor

SCRIPT = 'model_converters/csmask_to_timm.py'

onnx = pytest.importorskip('onnx')
pytest.importorskip('timm')

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / '_base_'
LAST_BLOCKS = (5, 9, 21, 31)  # where its U-Net takes the levels of strides 4 to 32


@pytest.fixture(scope='module')
def package():
    """Folder of the installed networks."""
    pytest.importorskip('ukis_csmask', reason='needs ukis-csmask, 145 MB')
    return Path(str(resources.files('ukis_csmask')))


@pytest.fixture(scope='module')
def weights(package, tmp_path_factory):
    """The converted file of the network for six bands of top-of-atmosphere reflectance."""
    out = tmp_path_factory.mktemp('csmask') / 'csmask.pth'
    convert_csmask_file(package / 'model_6b_l1c.onnx', out)
    return out


@pytest.fixture(scope='module')
def theirs(package):
    """What the package's graph computes on the way, for an image normalised for it."""
    runtime = pytest.importorskip('onnxruntime')
    model = onnx.load(package / 'model_6b_l1c.onnx')
    names = [f'/model/encoder/_blocks.{block}/Add_output_0' for block in LAST_BLOCKS]
    for name in names:
        model.graph.output.append(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT16, None)
        )
    session = runtime.InferenceSession(model.SerializeToString())
    return lambda image: session.run(names, {'input': image.astype(np.float32)})


@pytest.fixture
def teacher(weights):
    """The teacher of the config, for a student that sees all eight bands."""
    data = Config.fromfile(CONFIGS / 'datasets' / 'l8_biome_sample_8band.py')
    config = Config.fromfile(CONFIGS / 'models' / 'csmask.py').csmask
    config.init_cfg.checkpoint = str(weights)
    student = MultiBandSegDataPreProcessor(data.mean, data.std)
    teacher = FrozenTeacher(config, student)

    def see(image):
        raw = torch.from_numpy(image)[None]
        return teacher((raw - student.mean) / student.std)

    return see


def normalised(package, image):
    """Six bands by the package's order and statistics, of red, green, blue, NIR, SWIR1, SWIR2."""
    stated = json.loads((package / 'model_6b_l1c.json').read_text())['data']['dataset_statistics']
    stored = ('red', 'green', 'blue', 'nir', 'swir16', 'swir22')
    bands = image[[stored.index(name) for name in stated['band_names']]]
    mean, std = (np.array(values)[:, None, None] for values in stated['img'])
    return ((bands - mean) / std)[None]


def assert_alike(ours, theirs):
    assert [tuple(level.shape) for level in ours] == [level.shape for level in theirs]
    for level, expected in zip(ours, theirs, strict=True):
        expected = torch.from_numpy(expected).float()
        error = (level - expected).norm() / expected.norm()
        assert error < 0.01  # of half precision over up to 32 blocks


def test_features_of_noise(package, teacher, theirs):
    image = np.random.default_rng(0).random((8, 256, 256), np.float32)
    assert_alike(teacher(image), theirs(normalised(package, image)))


def test_features_of_a_real_tile(package, teacher, theirs, shared):
    tile = shared / 'data/l8_biome_sample/test/Images/Forest_01_2715.tif'
    blue, green, red, *others = LoadRasterFromFile()(dict(img_path=str(tile)))['img'].transpose(
        2, 0, 1
    )
    image = np.stack([red, green, blue, *others])
    assert_alike(teacher(image), theirs(normalised(package, image)))


def test_every_tensor_of_the_encoder_is_used(package, tmp_path, run_tool):
    with zipfile.ZipFile(tmp_path / 'ukis.whl', 'w') as wheel:
        for name in ('model_6b_l1c', 'model_4b_l2a'):
            wheel.write(package / f'{name}.onnx', f'ukis_csmask/{name}.onnx')
    out = tmp_path / 'out.safetensors'
    printed = run_tool(SCRIPT, tmp_path / 'ukis.whl', out, '--model', 'model_4b_l2a')
    converted = read_checkpoint(out)
    assert converted['meta']['source'] == 'model_4b_l2a'
    graph = onnx.load(package / 'model_4b_l2a.onnx').graph
    encoder = [one for one in graph.initializer if one.name.startswith('model.encoder.')]
    assert printed.startswith(f'{len(encoder)} tensors')
    sums = [float(onnx.numpy_helper.to_array(one).astype(np.float64).sum()) for one in encoder]
    found = [value.double().sum().item() for value in converted['state_dict'].values()]
    assert sorted(found) == pytest.approx(sorted(sums), abs=1e-6)
    assert all(value.dtype == torch.float32 for value in converted['state_dict'].values())


def graph_of(weights, path):
    """Write an ONNX file that stores tensors and does nothing with them."""
    stored = [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()]
    empty = onnx.helper.make_graph([], 'stores', [], [], initializer=stored)
    onnx.save(onnx.helper.make_model(empty), path)
    return path


@pytest.mark.parametrize(
    ('tensors', 'message'),
    [
        ({'fc.weight': (2, 2)}, r'expected EfficientNet keys .* found fc \(1\)'),
        (
            {'model.encoder._blocks.0._project_conv.weight': (24, 48, 1, 1)},
            r'EfficientNet also needs conv_stem\.weight, bn1\.weight',
        ),
        (
            {
                'model.encoder._blocks.0._project_conv.weight': (24, 48, 1, 1),
                'model.encoder._blocks.0._extra.weight': (1,),
            },
            r'1 of 2 keys are unknown .*_blocks\.0\._extra\.weight',
        ),
    ],
)
def test_what_is_no_such_encoder_is_refused(tmp_path, run_tool, tensors, message):
    weights = {name: np.zeros(shape, np.float32) for name, shape in tensors.items()}
    source = graph_of(weights, tmp_path / 'net.onnx')
    with pytest.raises(SystemExit, match=f'error: {source}: .*{message}'):
        run_tool(SCRIPT, source, tmp_path / 'out.pth')
    assert list(tmp_path.iterdir()) == [source]


def test_a_tensor_of_another_shape_is_refused(package, tmp_path, run_tool):
    graph = onnx.load(package / 'model_6b_l1c.onnx').graph
    weights = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    weights['model.encoder._blocks.31._bn2.bias'] = np.zeros(8, np.float32)
    source = graph_of(weights, tmp_path / 'net.onnx')
    with pytest.raises(SystemExit, match=r'blocks\.6\.1\.bn3\.bias: expected shape \(448,\)'):
        run_tool(SCRIPT, source, tmp_path / 'out.pth')


def test_stages_are_runs_of_blocks_of_one_width():
    widths = [8, 8, 12, 12, 12, 16]
    weights = {
        f'_blocks.{block}._project_conv.weight': torch.zeros(width, 1, 1, 1)
        for block, width in enumerate(widths)
    }
    found = efficientnet_to_timm(weights, 'here').weights
    assert [key.removesuffix('.weight') for key in found] == [
        'blocks.0.0.conv_pw', 'blocks.0.1.conv_pw', 'blocks.1.0.conv_pwl', 'blocks.1.1.conv_pwl',
        'blocks.1.2.conv_pwl', 'blocks.2.0.conv_pwl',
    ]  # fmt: skip

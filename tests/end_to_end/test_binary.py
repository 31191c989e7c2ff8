"""Roofs and the rest: from polygons to a map, with one output and with two."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from PIL import Image

from ktda_mmseg.scenes.check.report import write as write_check
from ktda_mmseg.scenes.check.running import check
from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.strips import Layers
from ktda_mmseg.scenes.predictors import load_predictor
from ktda_mmseg.scenes.prepare.rasters import prepare

from .test_same_labels import ROOT

rasterio = pytest.importorskip('rasterio')
geopandas = pytest.importorskip('geopandas')
SIDE, TILE = 96, 32
YAML = """
classes:
  background:
  roof: {labels: [roof], colour: '#ff0000'}
unlabelled: background
"""
ONE_OUTPUT = (
    "out_channels=1, threshold=0.5, loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=True)"
)
CONFIG = """
_base_ = ['{bases}/datasets/rgb_tiles.py', '{bases}/schedules/quickstart.py',
          '{bases}/default_runtime.py', '{out}/dataset.py']
custom_imports = dict(imports=['ktda_mmseg', 'projects.cloud_baselines'])
crop_size = ({tile}, {tile})
loading, labels, check = _base_.train_pipeline[1:4]
pipeline = [dict(type='SeedSample'), loading, labels, check, dict(type='PackSegInputs')]
train_dataloader = dict(
    batch_size=4, num_workers=0, dataset=dict(_base_.prepared['train'], pipeline=pipeline)
)
val_dataloader = dict(num_workers=0, dataset=_base_.prepared['val'])
test_dataloader = dict(num_workers=0, dataset=_base_.prepared['test'])
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[110.0] * 3, std=[60.0] * 3, bgr_to_rgb=True,
        size=crop_size, pad_val=0, seg_pad_val=255,
    ),
    backbone=dict(type='SCNN', channels=16),
    decode_head=dict(
        type='FMMHead', in_channels=[16], num_classes=2,
        decoder=dict(
            type='FCNHead', in_channels=16, in_index=0, channels=16, num_convs=1,
            concat_input=False, dropout_ratio=0, {head}
        ),
    ),
    test_cfg=dict(mode='slide', crop_size=crop_size, stride=crop_size),
)
train_cfg = dict(max_iters=60, val_interval=1000)
optim_wrapper = dict(optimizer=dict(lr=0.02))
param_scheduler = []
default_hooks = dict(checkpoint=dict(interval=60))
work_dir = '{out}/work'
"""


def roofs(seed):
    """Boxes (left, top, right, bottom) in pixels, and where they are."""
    rng = np.random.default_rng(seed)
    boxes = [(x, y, x + 9, y + 7) for x, y in rng.integers(0, SIDE - 9, (12, 2)).tolist()]
    truth = np.zeros((SIDE, SIDE), np.uint8)
    for left, top, right, bottom in boxes:
        truth[top:bottom, left:right] = 1
    return boxes, truth


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    """Three scenes with bright roofs, and their polygons in one file."""
    from shapely.geometry import box

    folder, shapes = tmp_path_factory.mktemp('roofs'), []
    (folder / 'images').mkdir()
    for index in range(3):
        boxes, truth = roofs(index)
        left, top = 500_000 + 5000 * index, 5_000_000
        noise = np.random.default_rng(index).integers(0, 60, (3, SIDE, SIDE))
        place = dict(crs='EPSG:32633', transform=rasterio.transform.from_origin(left, top, 1, 1))
        shape = dict(height=SIDE, width=SIDE, count=3, dtype='uint8')
        with rasterio.open(folder / f'images/{index}.tif', 'w', 'GTiff', **shape, **place) as file:
            file.write((40 + noise + 120 * truth).astype(np.uint8))
        shapes += [box(left + a, top - d, left + c, top - b) for a, b, c, d in boxes]
    frame = geopandas.GeoDataFrame(
        {'kind': ['roof'] * len(shapes)}, geometry=shapes, crs='EPSG:32633'
    )
    frame.to_file(folder / 'roofs.geojson')
    (folder / 'classes.yaml').write_text(YAML)
    return folder


def test_one_class_and_nothing_else_is_refused_with_what_to_do(scenes, tmp_path):
    files = scenes / 'images', scenes / 'roofs.geojson', tmp_path / 'one.yaml'
    for text in (
        'classes:\n  roof: {labels: [roof]}\n',
        'classes:\n  roof: {labels: [roof]}\nunlabelled: ignore\n',
        'classes:\n  roof: {labels: [roof]}\n  other:\nignore: [road]\n',
        'classes:\n  roof: {labels: [roof]}\nunlabelled: roof\n',
    ):
        files[2].write_text(text)
        with pytest.raises(ValueError, match=r"'roof' alone.*'unlabelled: background'"):
            prepare(tmp_path / 'out', *files, class_field='kind', tile=TILE)
    assert not (tmp_path / 'out').exists()


def scores(config, checkpoint, tta=False):
    config = Config.fromfile(config)
    config.load_from = str(checkpoint)
    if tta:
        config.test_dataloader.dataset.pipeline = config.tta_pipeline
        config.model = dict(config.tta_model, module=config.model)
    return Runner.from_cfg(config).test()


@pytest.mark.parametrize('outputs', [1, 2])
def test_from_polygons_to_a_map(scenes, tmp_path, outputs, monkeypatch):
    """Slow: it goes through six tools, from labels to maps of a checkpoint and of its export."""
    monkeypatch.chdir(tmp_path)
    out = tmp_path / 'out'
    prepare(
        out, scenes / 'images', scenes / 'roofs.geojson', scenes / 'classes.yaml',
        class_field='kind', tile=TILE, val=0.34, test=0,
    )  # fmt: skip
    for path in (out / 'ann_dir').rglob('*.png'):
        index, row, column = path.stem.split('_')
        top, left = int(row[1:]), int(column[1:])
        expected = roofs(int(index))[1][top : top + TILE, left : left + TILE]
        np.testing.assert_array_equal(np.asarray(Image.open(path)), expected)

    config = tmp_path / 'roofs.py'
    head = ONE_OUTPUT if outputs == 1 else "loss_decode=dict(type='CrossEntropyLoss')"
    bases = ROOT / 'configs' / '_base_'
    config.write_text(CONFIG.format(bases=bases, out=out, tile=TILE, head=head))
    checked = check(Config.fromfile(config))
    assert not checked.failed, checked.faults
    write_check(checked, Config.fromfile(config), tmp_path / 'check')
    config = tmp_path / 'check' / 'with_statistics.py'
    weighed = Config.fromfile(config)
    weights = weighed.model.decode_head.decoder.loss_decode.class_weight
    background, roof = weighed.class_weight
    assert weights == ([roof / background] if outputs == 1 else [background, roof])
    torch.manual_seed(0)
    Runner.from_cfg(weighed).train()
    checkpoint = out / 'work' / 'iter_60.pth'
    tested = scores(config, checkpoint)
    assert tested['mIoU'] > 90
    # views of other sizes lose edges; mmseg's own would call all of one output roof
    assert scores(config, checkpoint, tta=True)['mIoU'] > 70

    predictor = load_predictor(config, checkpoint, 'cpu')
    products = Products(Layers(confidence=True, probabilities='uint16'))
    scene = scenes / 'images' / '0.tif'
    (result,) = SceneInferencer(predictor, products=products)([scene], tmp_path / 'maps')
    assert not result.error
    with rasterio.open(result.files['map']) as file:
        labels = file.read(1)
    assert (labels == roofs(0)[1]).mean() > 0.95
    with rasterio.open(result.files['probabilities']) as file:
        shares = file.read().astype(int)
    np.testing.assert_allclose(shares.sum(0), 65534, atol=1)
    np.testing.assert_array_equal(shares.argmax(0), labels)
    names = [entry['name'] for entry in json.loads(result.files['summary'].read_bytes())['classes']]
    assert names == ['background', 'roof']
    if outputs == 1:
        exported_alike(config, checkpoint, scene, labels, tmp_path)
    # mirror images, averaged
    flipped = SceneInferencer(load_predictor(config, checkpoint, 'cpu', tta=True))
    (result,) = flipped([scene], tmp_path / 'flipped')
    with rasterio.open(result.files['map']) as file:
        assert (file.read(1) == roofs(0)[1]).mean() > 0.95


def exported_alike(config, checkpoint, scene, labels, folder):
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    from ktda_mmseg.scenes.export.exporting import Exporter

    for output in ('logits', 'probabilities', 'labels'):
        exporter = Exporter(config, checkpoint, folder / output, True, output)
        model = load_predictor(exporter.export('onnx'))
        (result,) = SceneInferencer(model)([scene], folder / output / 'maps')
        with rasterio.open(result.files['map']) as file:
            same = (file.read(1) == labels).mean()
        assert same > (0.98 if output == 'labels' else 0.9999), output

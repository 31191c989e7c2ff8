"""One checkpoint gives an image the same labels by every way to a prediction.

Images are smaller than, as large as and larger than a power of two. Windows are those of the
config, which share no pixels but at the edges; the page blends, as a map by default does.
"""

import re
import runpy
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.apis import MMSegInferencer, inference_model, init_model
from mmseg.registry import MODELS
from PIL import Image

from ktda_mmseg.checkpoints.deploy import load_deployed, without_weights
from ktda_mmseg.scenes.map.raster_inferencer import RasterInferencer
from ktda_mmseg.scenes.predictors import load_predictor
from ktda_mmseg.scenes.serve.jobs import Job
from ktda_mmseg.scenes.serve.mapping import make_map
from ktda_mmseg.studies import training
from ktda_mmseg.studies.cells import PREDICTIONS

for package in ('rasterio', 'onnx', 'onnxruntime'):
    pytest.importorskip(package)
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')
ROOT = Path(__file__).resolve().parents[2]
SIZES = [(300, 300), (512, 512), (966, 1296)]  # height, width
CLASSES = ('red', 'green', 'blue')
PALETTE = [[250, 0, 0], [0, 250, 0], [0, 0, 250]]
WINDOW = 128
CONFIG = """
_base_ = [{bases}]
dataset = dict(
    type='PairedSegDataset', data_root={data!r},
    metainfo=dict(classes={classes}, palette={palette}),
    data_prefix=dict(img_path='images', seg_map_path='masks'),
)
test_dataloader = dict(dataset=dataset, num_workers=0)
val_dataloader = test_dataloader
widths = [8, 8, 8, 8]
model = dict(
    teacher=None,
    transfer_losses=None,
    backbone=dict(arch=dict(depths=[1, 1, 1, 1], channels=widths)),
    neck=dict(in_channels=widths, out_channels=widths),
    decode_head=dict(
        in_channels=widths, num_classes=3,
        pyramid=dict(in_channels=widths, out_channels=8), auxiliary=None,
        decoder=dict(in_channels=widths, channels=8),
    ),
    test_cfg=dict(stride=({window}, {window})),
)
"""


@pytest.fixture(scope='module')
def project(tmp_path_factory):
    """Config, checkpoint and images; masks say which colour is the strongest."""
    folder = tmp_path_factory.mktemp('project')
    rng = np.random.default_rng(0)
    for kind in ('images', 'masks'):
        (folder / kind).mkdir()
    for height, width in SIZES:
        coarse = rng.integers(0, 256, (height // 40, width // 40, 3), np.uint8)
        image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        image.save(folder / 'images' / f'{height}.png')
        mask = np.asarray(image).argmax(2).astype(np.uint8)
        Image.fromarray(mask).save(folder / 'masks' / f'{height}.png')
    bases = ('models/ktda_small', 'datasets/rgb_tiles', 'schedules/quickstart', 'default_runtime')
    config = folder / 'mine.py'
    config.write_text(
        CONFIG.format(
            bases=', '.join(repr(f'{ROOT}/configs/_base_/{base}.py') for base in bases),
            data=str(folder), classes=CLASSES, palette=PALETTE,
            window=WINDOW,
        )
    )  # fmt: skip
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(without_weights(Config.fromfile(config).model))
    for name, value in model.state_dict().items():
        if value.is_floating_point():  # away from where it starts, where all labels are one
            noise = torch.randn_like(value) * 0.1
            value.add_(noise.abs() if name.endswith('running_var') else noise)
    meta = dict(dataset_meta=dict(classes=CLASSES, palette=PALETTE))
    torch.save({'state_dict': model.state_dict(), 'meta': meta}, folder / 'weights.pth')
    return folder


@pytest.fixture
def tool(monkeypatch, capsys):
    """Return a function that runs a tool in this process and returns what it prints."""
    monkeypatch.syspath_prepend(ROOT / 'tools')

    def run(name, *arguments):
        monkeypatch.setattr(sys, 'argv', [name, *map(str, arguments)])
        try:
            runpy.run_path(str(ROOT / 'tools' / name), run_name='__main__')
        except SystemExit as end:
            assert not end.code, end.code
        printed = capsys.readouterr()
        return printed.out + printed.err

    return run


def read(folder, suffix='.png'):
    return [np.asarray(Image.open(Path(folder) / f'{height}{suffix}')) for height, _ in SIZES]


def miou(labels, truth):
    pairs = [np.bincount(t.ravel() * 3 + f.ravel(), minlength=9) for t, f in zip(truth, labels)]
    matrix = np.sum(pairs, axis=0).reshape(3, 3)
    hits = matrix.diagonal()
    return 100 * np.mean(hits / (matrix.sum(0) + matrix.sum(1) - hits))


def of_test(project, tool, out):
    printed = tool(
        'test.py', project / 'mine.py', project / 'weights.pth', '--out', out, '--work-dir', out
    )
    return read(out), float(re.findall(r'mIoU: ([\d.]+)', printed)[-1])


def of_study(project, tool, out):
    deployed = load_deployed(project / 'mine.py', project / 'weights.pth', drop_auxiliary=True)
    scores = training._test(deployed, out)
    return read(out / PREDICTIONS), scores['mIoU']


def of_maps(project, tool, out, model=None, overlap=0):
    model = model or (project / 'mine.py', project / 'weights.pth')
    windows = ('--window', WINDOW, '--overlap', overlap) if overlap is not None else ()
    printed = tool(
        'predict_scene.py', *model, project / 'images', '--out', out, *windows,
        '--reference', project / 'masks',
    )  # fmt: skip
    return read(out, '.tif'), float(re.findall(r"'mIoU': ([\d.]+)", printed)[-1])


def of_onnx(project, tool, out):
    files = (project / 'mine.py', project / 'weights.pth')
    tool('export.py', *files, '--format', 'onnx', '--out', out, '--preprocess')
    return of_maps(project, tool, out / 'maps', [out / 'mine.onnx'])


def of_inference_model(project, tool, out):
    model = init_model(str(project / 'mine.py'), str(project / 'weights.pth'), 'cpu')
    paths = [str(project / 'images' / f'{height}.png') for height, _ in SIZES]
    return [inference_model(model, path).pred_sem_seg.data[0].numpy() for path in paths], None


def of_inferencer(project, tool, out, kind):
    inferencer = kind(str(project / 'mine.py'), str(project / 'weights.pth'), device='cpu')
    paths = [str(project / 'images' / f'{height}.png') for height, _ in SIZES]
    return inferencer(paths)['predictions'], None


def of_page(project, tool, out):
    predictor = load_predictor(project / 'mine.py', project / 'weights.pth', 'cpu')
    found = []
    for height, _ in SIZES:
        job = Job(out / str(height), 'mine', f'{height}.png')
        job.folder.mkdir(parents=True)
        job.scene.write_bytes((project / 'images' / f'{height}.png').read_bytes())
        make_map(job, predictor)
        found.append(np.asarray(Image.open(job.folder / 'map' / 'scene.tif')))
    return found, None


WAYS = {
    'run_study.py': of_study,
    'predict_scene.py': of_maps,
    'ONNX': of_onnx,
    'inference_model': of_inference_model,
    'MMSegInferencer': partial(of_inferencer, kind=MMSegInferencer),
    'RasterInferencer': partial(of_inferencer, kind=RasterInferencer),
}


def test_every_way_gives_the_same_labels(project, tool, tmp_path, monkeypatch):
    """Slow: three images go seven ways, one of which exports first."""
    monkeypatch.chdir(tmp_path)
    truth = read(project / 'masks')
    expected, score = of_test(project, tool, tmp_path / 'test')
    assert [labels.shape for labels in expected] == SIZES
    assert all(len(np.unique(labels)) == 3 for labels in expected)
    assert abs(miou(expected, truth) - score) < 0.01
    for name, way in WAYS.items():
        found, told = way(project, tool, tmp_path / name)
        for labels, wanted in zip(found, expected):
            assert labels.shape == wanted.shape, name
            assert (labels == wanted).mean() >= 0.999, name
        assert abs(miou(found, truth) - score) < 0.1, name
        assert told is None or abs(told - score) < 0.1, name
    blended = of_maps(project, tool, tmp_path / 'blended', overlap=None)[0]
    page = of_page(project, tool, tmp_path / 'page')[0]
    assert all(np.array_equal(*pair) for pair in zip(page, blended))

"""What mmseg and mim ship runs our configs, from any folder."""

import os
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import mmseg
import numpy as np
import pytest
from mmengine.config import Config, DictAction
from mmseg.apis import MMSegInferencer, inference_model, init_model
from PIL import Image

from ktda_mmseg.checkpoints.deploy import export_deploy

ROOT = Path(__file__).resolve().parents[2]
MMSEG_TOOLS = Path(mmseg.__file__).parent / '.mim' / 'tools'
INSTALLED = {distribution.metadata['Name'] for distribution in distributions()}
# the original openmim finds an editable installation by its egg-info only; for the maintained one,
# which asks pip's record, that egg-info would hide the record
ENV = {'PYTHONPATH': str(ROOT)} if 'openmim' in INSTALLED else {}


@pytest.fixture(scope='module')
def config(quickstart, options, tmp_path_factory) -> Path:
    """A config file in a folder of its own, as of another project, that inherits the quickstart."""
    path = tmp_path_factory.mktemp('project') / 'mine.py'
    config = Config.fromfile(quickstart)
    pairs = (option.split('=', 1) for option in options[1:])
    config.merge_from_dict({key: DictAction._parse_iterable(value) for key, value in pairs})
    lines = [f'_base_ = {str(quickstart)!r}', f'model = {config.model.to_dict()!r}']
    for split in ('train', 'val', 'test'):
        root = config[f'{split}_dataloader'].dataset.data_root
        lines.append(f'{split}_dataloader = dict(dataset=dict(data_root={root!r}), num_workers=0)')
    lines += ['train_cfg = dict(max_iters=2, val_interval=2)', "work_dir = 'work'"]
    path.write_text('\n'.join(lines))
    return path


def run(config, *command):
    done = subprocess.run(
        [*map(str, command)],
        cwd=config.parent,
        env={**os.environ, 'OMP_NUM_THREADS': '1', **ENV},
        capture_output=True,
        text=True,
    )
    assert not done.returncode, (done.stdout + done.stderr)[-6000:]
    return done.stdout + done.stderr


@pytest.fixture(scope='module')
def checkpoint(config) -> Path:
    """What mmseg's unmodified training tool leaves."""
    run(config, sys.executable, MMSEG_TOOLS / 'train.py', config.name)
    return config.parent / 'work' / 'iter_2.pth'


def test_mmsegs_test_tool(config, checkpoint):
    assert 'mIoU' in run(config, sys.executable, MMSEG_TOOLS / 'test.py', config.name, checkpoint)


@pytest.mark.parametrize('package', ['mmsegmentation', 'ktda_mmseg'])
def test_mim(config, checkpoint, package):
    pytest.importorskip('mim')
    mim = [sys.executable, '-m', 'mim']
    printed = run(
        config, *mim, 'test', package, config.name, '--checkpoint', checkpoint, '--gpus', 0
    )
    assert 'mIoU' in printed


def test_inference_model_and_inferencer(config, checkpoint, monkeypatch):
    monkeypatch.chdir(config.parent)
    image = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    model = init_model(str(config), str(checkpoint), 'cpu')
    mine = inference_model(model, image).pred_sem_seg.data[0].numpy()
    inferencer = MMSegInferencer(str(config), str(checkpoint), device='cpu')
    theirs = inferencer(image, show=False, return_datasamples=True).pred_sem_seg.data[0].numpy()
    assert mine.shape == (64, 80)
    assert theirs.shape == mine.shape
    assert inferencer.model.dataset_meta['classes'] == model.dataset_meta['classes']


def test_the_inferencer_takes_the_deployed_model(config, checkpoint, tmp_path, monkeypatch):
    monkeypatch.chdir(config.parent)
    images = np.random.default_rng(1).integers(0, 256, (2, 64, 80, 3), dtype=np.uint8)
    paths = [str(tmp_path / name) for name in ('a.png', 'b.png')]
    for image, path in zip(images, paths):
        Image.fromarray(image[..., ::-1]).save(path)
    trained = init_model(str(config), str(checkpoint), 'cpu')
    expected = [inference_model(trained, image).pred_sem_seg.data[0].numpy() for image in images]
    deployed = tmp_path / 'deployed.pth'
    export_deploy(config, checkpoint, deployed, drop_auxiliary=True)
    inferencer = MMSegInferencer(str(deployed.with_suffix('.py')), str(deployed), device='cpu')
    found = inferencer(paths, batch_size=2, out_dir=str(tmp_path / 'out'), return_vis=True)
    np.testing.assert_array_equal(found['predictions'], expected)
    assert found['visualization'][0].shape == (64, 80, 3)
    saved = Image.open(tmp_path / 'out' / 'pred' / '00000001_pred.png')
    np.testing.assert_array_equal(saved, expected[1])
    assert (tmp_path / 'out' / 'vis' / 'b.png').is_file()

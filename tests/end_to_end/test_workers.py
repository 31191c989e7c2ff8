"""Workers, one of which is killed on the way, make the bytes of one process: local ones and Dask's.

Slow: every tool runs alone and by workers, which import the package.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
import yaml

from ..untrained import save_untrained
from ..waiting import wait_for

rasterio = pytest.importorskip('rasterio')
distributed = pytest.importorskip('distributed')
pytestmark = pytest.mark.slow
SIZE, STEPS = 64, 3


class Local:
    """Two processes."""

    options = ('--workers', '2')

    def busy(self, process):
        """Return processes that work for a command, which may have just ended."""
        found = [one for one in psutil.process_iter(['ppid', 'cmdline']) if one.info['cmdline']]
        ours = [one for one in found if one.info['ppid'] == process.pid]
        return [one.pid for one in ours if 'popen_loky' in ' '.join(one.info['cmdline'])]


class Cluster:
    """A scheduler and two workers that wait for work."""

    def __init__(self, folder, environment):
        file = folder / 'scheduler.json'
        self.options = ('--cluster', str(file))
        dask = [sys.executable, '-m', 'distributed.cli']
        with (folder / 'log').open('w') as log:
            start = dict(env=environment, cwd=folder, stdout=log, stderr=log)
            ours = ['--scheduler-file', str(file)]
            scheduler = [f'{dask[-1]}.dask_scheduler', *ours, '--port', '0', '--no-dashboard']
            worker = [f'{dask[-1]}.dask_worker', *ours, '--nworkers', '2', '--nthreads', '1']
            self.processes = [
                subprocess.Popen([*dask[:-1], *command], **start) for command in (scheduler, worker)
            ]
        wait_for(file.exists, self.processes[0])
        self.client = distributed.Client(scheduler_file=str(file), set_as_default=False)
        self.client.wait_for_workers(2, timeout=300)

    def busy(self, process):
        busy = [worker for worker, tasks in self.client.processing().items() if tasks]
        return [*self.client.run(os.getpid, workers=busy).values()] if busy else []

    def end(self):
        self.client.close()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(60)


@pytest.fixture(scope='module')
def cluster(tools, tmp_path_factory):
    started = Cluster(tmp_path_factory.mktemp('cluster'), tools.environment())
    yield started
    started.end()


@pytest.fixture
def check(tools, tmp_path, monkeypatch):
    """Return a function that runs a tool alone and by workers, and compares what it leaves."""

    def run(team, arguments, begun, content):
        def in_folder(name):
            (tmp_path / name).mkdir()
            monkeypatch.chdir(tmp_path / name)

        in_folder('alone')
        tools(*arguments)
        expected = content()
        killed = False
        for attempt in range(5):  # a busy machine may be late to kill
            in_folder(f'shared_{attempt}')
            process = tools.start(*arguments, *team.options, log=Path('log'))
            wait_for(begun, process)
            if process.poll() is None and (busy := team.busy(process)):
                os.kill(busy[0], signal.SIGKILL)
                killed = process.poll() is None
            assert process.wait() == 0, Path('log').read_text()[-6000:]
            assert content() == expected
            if killed:
                return
        raise AssertionError('the kill came behind the work')

    return run


def files(folder):
    """Digest of each file below a folder."""
    paths = (path for path in Path(folder).rglob('*') if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.mark.parametrize('by_cluster', [False, True])
def test_200_tiles(check, by_cluster, request):
    sizes = ('--size', 128, '--train', 180, '--val', 10, '--test', 10)
    begun = Path('set.partial/ann_dir/train')
    check(
        request.getfixturevalue('cluster') if by_cluster else Local(),
        ('prepare_dataset.py', 'synthetic', '--out', 'set', *sizes),
        lambda: len(list(begun.iterdir())) > 5,
        lambda: files('set'),
    )


def test_a_teacher_cache(check, cluster, tools, quickstart, tmp_path):
    sizes = ('--size', SIZE, '--train', 128, '--val', 1, '--test', 1)
    tools('prepare_dataset.py', 'synthetic', '--out', tmp_path / 'set', *sizes)
    config = tmp_path / 'cached.py'
    config.write_text(
        f'_base_ = {str(quickstart)!r}\n'
        '*geometry, _, _ = _base_.crop_pipeline\n'
        "cache = dict(type='LoadTeacherMaps', cache='cache')\n"
        "pipeline = [*geometry, cache, dict(type='PackTransferInputs')]\n"
        f'data_root = {str(tmp_path / "set")!r}\n'
        'train_dataloader = dict(dataset=dict(data_root=data_root, pipeline=pipeline))\n'
        f'model = dict(data_preprocessor=dict(size=({SIZE}, {SIZE})))\n'
    )
    check(
        cluster,
        ('cache_teacher.py', config),
        lambda: len(list(Path('cache').glob('*/*.npy'))) > 1,
        lambda: files('cache'),
    )


def test_two_scenes(check, cluster, quickstart, tmp_path):
    save_untrained(quickstart, tmp_path / 'model.pth', 'abcde')
    for name, height in (('a', 200), ('b', 1500)):
        pixels = np.random.default_rng(0).integers(1, 256, (3, height, 300)).astype(np.uint8)
        shape = dict(height=height, width=300, count=3, dtype='uint8', crs='EPSG:32632')
        place = rasterio.Affine(10, 0, 5e5, 0, -10, 5e6)
        with rasterio.open(tmp_path / f'{name}.tif', 'w', **shape, transform=place) as raster:
            raster.write(pixels)
    model = (quickstart, tmp_path / 'model.pth', tmp_path / '*.tif')
    check(
        cluster,
        ('predict_scene.py', *model, '--out', 'maps', '--window', 64, '--device', 'cpu'),
        lambda: len(list(Path('maps').glob('b.strips/*.npz'))) > 5,
        lambda: files('maps'),
    )


def test_a_cell_of_a_study(check, cluster, quickstart, synthetic, tmp_path, monkeypatch):
    # what is learned depends on the threads of a cell, which are its share of the cores
    monkeypatch.setenv('LOKY_MAX_CPU_COUNT', '1')
    options = {
        **{
            f'{split}_dataloader.{key}': value
            for split in ('train', 'val', 'test')
            for key, value in {'dataset.data_root': str(synthetic), 'num_workers': 0}.items()
        },
        'train_dataloader.batch_size': 2,
        'train_cfg.max_iters': STEPS,
        'train_cfg.val_interval': STEPS,
        'default_hooks.checkpoint.interval': 1,
        'default_hooks.logger.interval': 1,
        'model.data_preprocessor.size': [SIZE, SIZE],
        'model.decode_head.decoder.pool_scales': [1, 2],
        'model.teacher': None,
        'model.transfer_losses': None,
    }
    for split in ('train', 'val', 'test'):
        options[f'{split}_dataloader.persistent_workers'] = False
    row = dict(title='Student', config=str(quickstart))
    content = dict(
        title='Tiny', seeds=[0], options=options, datasets=dict(grass={}), rows=dict(a=row)
    )
    study = tmp_path / 'tiny.yaml'
    study.write_text(yaml.safe_dump(content))
    cell = 'grass/a/seed_0'

    def learned():
        """What does not depend on the clock: scores of every image, losses and weights."""
        result = json.loads(Path(f'docs/results/tiny/{cell}.json').read_bytes())
        path = f'work_dirs/studies/tiny/{cell}/iter_{STEPS}.pth'
        weights = torch.load(path, weights_only=False)['state_dict']
        digest = hashlib.sha256()
        for value in weights.values():
            digest.update(value.numpy().tobytes())
        scores = {key: result[key] for key in ('digest', 'test', 'validation')}
        return digest.hexdigest(), scores, result['training']['scalars']['loss']

    check(
        cluster,
        ('run_study.py', study),
        Path(f'work_dirs/studies/tiny/{cell}/iter_1.pth').exists,
        learned,
    )

"""Several processes make the maps of one, and what fails in one of them is known to all."""

import multiprocessing
import pickle
import shutil
import sys
from uuid import uuid4

import numpy as np
import pytest
from torch import distributed

from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer

pytest.importorskip('rasterio')
pytestmark = pytest.mark.filterwarnings('ignore:.*use of fork:DeprecationWarning')


@pytest.fixture
def scenes(write, tmp_path):
    """Four scenes, of which b is large and c ends early."""
    for name, height in (('a', 30), ('b', 500), ('c', 400), ('d', 5)):
        bands = np.random.default_rng(height).integers(1, 30000, (2, height, 40))
        write(bands.astype(np.uint16), f'{name}.tif')
    damaged = tmp_path / 'c.tif'
    damaged.write_bytes(damaged.read_bytes()[: 400 * 40 * 2 * 2 * 3 // 4])
    # apart from the maps, since folders in it are looked into
    folder = tmp_path / 'scenes'
    folder.mkdir()
    for path in list(tmp_path.glob('*.tif')):
        path.rename(folder / path.name)
    return folder


@pytest.fixture
def run(brightest, scenes, tmp_path):
    """Return a function that maps the scenes by so many processes, into a folder of this name."""

    def work(out, meeting, rank, count):
        sys.stderr = (tmp_path / f'log{rank}').open('a')
        group = dict(init_method=f'file://{meeting}', rank=rank, world_size=count)
        distributed.init_process_group('gloo', **group)
        results = SceneInferencer(brightest, products=Products(quicklook=True))([scenes], out)
        (tmp_path / f'results{rank}').write_bytes(pickle.dumps((results, brightest.calls)))
        distributed.destroy_process_group()

    def run(name, count):
        fork = multiprocessing.get_context('fork')
        # gloo waits for ever at a file that a former group has left
        meeting = tmp_path / uuid4().hex
        arguments = [(tmp_path / name, meeting, rank, count) for rank in range(count)]
        processes = [fork.Process(target=work, args=one) for one in arguments]
        for process in processes:
            process.start()
        for process in processes:
            process.join(45)
            assert process.exitcode == 0, [log.read_text() for log in tmp_path.glob('log*')]
        return [pickle.loads((tmp_path / f'results{rank}').read_bytes()) for rank in range(count)]

    return run


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_ranks_make_the_maps_of_one(run, tmp_path):
    (((a, b, c, d), calls),) = run('alone', 1)
    assert a.error is b.error is d.error is None
    assert 'expected a complete raster' in c.error and c.files == {}
    expected = content(tmp_path / 'alone')
    assert len(expected) == 3 * 4 and not [name for name in expected if name.startswith('c')]
    for count in (2, 3):
        found = run('many', count)
        assert content(tmp_path / 'many') == expected
        for results, of_rank in found:
            assert [bool(result.error) for result in results] == [False, False, True, False]
            assert results == found[0][0] and 0.5 / count < of_rank / calls < 1.5 / count
        shutil.rmtree(tmp_path / 'many')


def test_a_second_run_keeps_what_is_there(run):
    run('many', 2)
    for results, _ in run('many', 2):
        assert [result.kept for result in results] == [True, True, False, True]

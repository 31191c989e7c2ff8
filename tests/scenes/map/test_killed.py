"""Mapping that is killed at any moment, again and again, ends in the bytes of one left alone."""

import multiprocessing
import os
import shutil
import sys
import time

import numpy as np
import pytest

from ktda_mmseg.scenes.map.polygons import Outlines
from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.strips import Layers

pytest.importorskip('rasterio')
pytest.importorskip('geopandas')
pytestmark = pytest.mark.filterwarnings('ignore:.*use of fork:DeprecationWarning')
KILLS, MOST_KILLS = 9, 90


@pytest.fixture
def start(brightest, write, tmp_path):
    """Return a function that maps two scenes into a folder, in a process of its own."""
    for seed in range(2):
        bands = np.random.default_rng(seed).integers(1, 30000, (2, 6, 4)).astype(np.uint16)
        bands = bands.repeat(40, 1).repeat(30, 2) + np.arange(2, dtype=np.uint16)[:, None, None]
        write(bands, f'{seed}.tif')
    brightest.during = lambda: time.sleep(0.002)
    products = Products(Layers(True, 'uint8'), Outlines(), quicklook=True)
    run = SceneInferencer(brightest, batch_size=4, products=products)

    def work(folder, before):
        before()
        sys.stderr = (tmp_path / 'log').open('a')
        run([tmp_path / '0.tif', tmp_path / '1.tif'], folder)

    def start(folder, before=lambda: None):
        fork = multiprocessing.get_context('fork')
        process = fork.Process(target=work, args=(folder, before))
        process.start()
        return process

    return start


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def assert_whole(found, expected):
    """A final name never holds anything else."""
    assert all(expected[name] == value for name, value in found.items())


def test_killed_at_random_moments(start, tmp_path):
    import geopandas  # noqa: F401  before processes are started
    import matplotlib.backends.backend_agg  # noqa: F401

    alone, killed = tmp_path / 'alone', tmp_path / 'killed'
    began = time.monotonic()
    process = start(alone)
    process.join()
    assert process.exitcode == 0, (tmp_path / 'log').read_text()
    duration = time.monotonic() - began
    expected = content(alone)
    assert len(expected) == 16 and not [path for path in alone.iterdir() if path.is_dir()]

    rng, seen = np.random.default_rng(0), set()
    for kills in range(MOST_KILLS):  # a busy machine delays them into one moment
        if kills >= KILLS and len(seen) > 4:
            break
        process = start(killed)
        process.join(rng.uniform(0, duration))
        process.kill()
        process.join()
        if killed.exists():
            assert_whole(content(killed), expected)
            seen.add(sum(path.stat().st_size for path in killed.rglob('*')))
        if process.exitcode == 0:
            assert content(killed) == expected
            shutil.rmtree(killed)
    assert len(seen) > 4, 'kills fell before the work or behind it'
    process = start(killed)
    process.join()
    assert process.exitcode == 0 and content(killed) == expected
    assert {path.name for path in killed.iterdir()} == set(expected)


@pytest.mark.parametrize('moves', [0, 1, 6])
def test_killed_while_products_get_their_names(start, tmp_path, monkeypatch, moves):
    from ktda_mmseg.scenes.map import products

    alone, killed = tmp_path / 'alone', tmp_path / 'killed'
    start(alone).join()
    expected = content(alone)

    def end_soon():
        replace, left = os.replace, iter(range(moves, -1, -1))

        def replace_or_end(source, target):
            if next(left) == 0:
                os._exit(9)
            replace(source, target)

        monkeypatch.setattr(products.os, 'replace', replace_or_end)

    process = start(killed, end_soon)
    process.join()
    assert process.exitcode == 9
    assert_whole(content(killed), expected)
    process = start(killed)
    process.join()
    assert process.exitcode == 0 and content(killed) == expected

"""Two commands on one folder: each map is made once, and the other command says so."""

import multiprocessing
import sys
import time

import pytest

from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer

from ...waiting import wait_for
from .test_scene_inferencer import names, read

pytest.importorskip('rasterio')
pytestmark = pytest.mark.filterwarnings('ignore:.*use of fork:DeprecationWarning')


@pytest.fixture
def start(brightest, tmp_path):
    """Return a function that maps scenes in a process of its own, slowly."""
    fork = multiprocessing.get_context('fork')
    brightest.during = lambda: time.sleep(0.05)

    def work(queue, scenes, before):
        sys.stderr = (tmp_path / 'log').open('a')
        before()
        results = SceneInferencer(brightest, batch_size=4)(scenes, tmp_path / 'out')
        queue.put([(result.error, result.kept) for result in results])

    def start(*scenes, before=lambda: None):
        queue = fork.Queue()
        process = fork.Process(target=work, args=(queue, scenes, before))
        process.start()
        return process, queue

    return start


def test_each_map_is_made_by_one_of_two_commands(start, scene, tmp_path):
    paths, labels = zip(
        *(scene(90, name=f'{name}.tif', seed=seed) for seed, name in enumerate('abc'))
    )
    first, told = start(*paths[:2])
    wait_for((tmp_path / 'out' / 'a.strips').exists)
    second, also_told = start(*paths)
    (a, b), (also_a, also_b, c) = told.get(), also_told.get()
    for process in (first, second):
        process.join()
        assert process.exitcode == 0
    assert a == c == (None, False), 'a map that nobody makes is made'
    at_work = f'another command is at work on its map in {tmp_path / "out"}; '
    for path, mine, other in ((paths[0], a, also_a), (paths[1], b, also_b)):
        # made by one of them, and found or left alone by the other
        (left,) = {mine, other} - {(None, False)}
        told_so = f'{path}: {at_work}wait until it is done, or name another folder'
        assert left in ((None, True), (told_so, False))
    for name, expected in zip('abc', labels):
        assert (read(tmp_path / 'out' / f'{name}.tif') == expected).all()
    ends = ('.json', '.qml', '.tif', '.tif.aux.xml')
    assert names(tmp_path / 'out') == [name + end for name in 'abc' for end in ends]


def test_many_at_once_end_in_the_map_whoever_makes_it(start, scene, tmp_path):
    """Also while another one finishes, and after one was killed."""
    path, labels = scene(90)
    killed, _ = start(path)
    wait_for((tmp_path / 'out' / 'scene.strips').exists)
    killed.kill()
    killed.join()
    running = [start(path, before=lambda i=i: time.sleep(i / 5)) for i in range(5)]
    results = [told.get()[0] for _, told in running]
    for process, _ in running:
        process.join()
    assert all(error is None or 'another command is at work' in error for error, _ in results)
    assert [kept for error, kept in results if error is None].count(False) == 1
    assert (read(tmp_path / 'out' / 'scene.tif') == labels).all()
    assert names(tmp_path / 'out') == ['scene.json', 'scene.qml', 'scene.tif', 'scene.tif.aux.xml']

"""Two commands on one folder: each map is made once, and the other command says so."""

import multiprocessing
import sys
import time

import pytest

from ktda_mmseg.scenes.map.claims import Claims
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer

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


def wait_for(path):
    while not path.exists():
        time.sleep(0.01)


def test_the_second_says_that_the_first_is_at_work(start, scene, tmp_path):
    paths, labels = zip(
        *(scene(90, name=f'{name}.tif', seed=seed) for seed, name in enumerate('abc'))
    )
    first, told = start(*paths[:2])
    wait_for(tmp_path / 'out' / 'a.strips')
    second, also_told = start(*paths)
    assert told.get() == [(None, False)] * 2
    results = also_told.get()
    for process in (first, second):
        process.join()
        assert process.exitcode == 0
    for path, (error, _) in zip(paths, results[:2]):
        assert error == (
            f'{path}: another command is at work on its map in {tmp_path / "out"}; '
            'wait until it is done, or name another folder'
        )
    assert results[2] == (None, False), 'a map that nobody makes is made'
    for name, expected in zip('abc', labels):
        assert (read(tmp_path / 'out' / f'{name}.tif') == expected).all()
    ends = ('.json', '.qml', '.tif', '.tif.aux.xml')
    assert names(tmp_path / 'out') == [name + end for name in 'abc' for end in ends]


def test_many_at_once_end_in_the_map_whoever_makes_it(start, scene, tmp_path):
    """Also while another one finishes, and after one was killed."""
    path, labels = scene(90)
    killed, _ = start(path)
    wait_for(tmp_path / 'out' / 'scene.strips')
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


def test_claims_end_with_their_process_and_leave_nothing(tmp_path):
    fork = multiprocessing.get_context('fork')
    pipe, end = fork.Pipe()

    def work():
        with Claims(tmp_path) as claims:
            end.send([claims.take(f'scene {i}') for i in range(2000)])
            end.recv()

    process = fork.Process(target=work)
    process.start()
    assert all(pipe.recv())
    with Claims(tmp_path) as claims:
        assert not claims.take('scene 7') and claims.take('other')
        process.kill()
        process.join()
        assert claims.take('scene 7')
        assert names(tmp_path) == ['.at_work']
    assert names(tmp_path) == []


def test_a_drive_without_locks(tmp_path, monkeypatch):
    def none(*_):
        raise OSError(37, 'No locks available')

    monkeypatch.setattr('fcntl.lockf', none)
    with Claims(tmp_path) as claims:
        assert claims.take('a')

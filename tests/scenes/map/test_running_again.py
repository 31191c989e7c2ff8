"""A second run keeps what is right, makes what is missing, and uses nothing of other settings."""

import os
from contextlib import nullcontext

import pytest

from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.strips import Layers

from .test_scene_inferencer import names, read


def test_a_second_run_does_what_is_missing(brightest, scene, tmp_path):
    _, labels = scene(name='a.tif')
    run = SceneInferencer(brightest)
    run([tmp_path / 'a.tif'], tmp_path / 'out')
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / 'out').iterdir()}
    brightest.calls = 0
    scene(8, 8, name='b.tif')
    a, b = run([tmp_path], tmp_path / 'out')
    assert a.kept and not b.kept and brightest.calls == 1
    assert (read(a.files['map']) == labels).all()
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def other_scene(run, path, scene):
    status = path.stat()
    scene(seed=5)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def other_model(run, path, scene):
    run.predictor.identity = 'other'
    run.predictor.sign = -1


CHANGES = {
    'scene': other_scene,
    'model': other_model,
    'overlap': lambda run, *_: setattr(run, 'overlap', 5),
    'bands': lambda run, *_: setattr(run, 'bands', (2, 1)),
    'lost map': lambda run, path, _: (path.parent / 'out' / 'scene.tif').unlink(missing_ok=True),
}


@pytest.mark.parametrize('change', CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize('ended', [True, False])
def test_nothing_of_other_settings_is_used(brightest, scene, tmp_path, change, ended):
    path, _ = scene()
    run = SceneInferencer(brightest, products=Products(Layers(confidence=True)))
    brightest.fails_after = None if ended else 3
    with nullcontext() if ended else pytest.raises(KeyboardInterrupt):
        run([path], tmp_path / 'out')
    assert (tmp_path / 'out' / 'scene.strips').exists() != ended
    brightest.fails_after = None
    change(run, path, scene)
    (result,) = run([path], tmp_path / 'out')
    assert not result.kept and result.error is None
    (expected,) = run([path], tmp_path / 'alone')
    for kind in ('map', 'confidence'):
        assert result.files[kind].read_bytes() == expected.files[kind].read_bytes()


def test_products_that_are_wanted_no_more_go(brightest, scene, tmp_path):
    path, _ = scene()
    out = tmp_path / 'out'
    SceneInferencer(brightest, products=Products(Layers(True), quicklook=True))([path], out)
    assert {'scene.confidence.tif', 'scene.png'} < set(names(out))
    SceneInferencer(brightest)([path], out)
    assert names(out) == ['scene.json', 'scene.qml', 'scene.tif', 'scene.tif.aux.xml']


def test_an_ended_run_goes_on_with_its_strips(brightest, scene, tmp_path):
    path, labels = scene(200)
    brightest.fails_after = 10
    with pytest.raises(KeyboardInterrupt):
        SceneInferencer(brightest)([path], tmp_path / 'out')
    assert names(tmp_path / 'out') == ['scene.strips']
    done, brightest.calls, brightest.fails_after = brightest.calls, 0, None
    # what is made of strips does not decide them
    (result,) = SceneInferencer(brightest, products=Products(quicklook=True))(
        [path], tmp_path / 'out'
    )
    goes_on = brightest.calls
    brightest.calls = 0
    SceneInferencer(brightest)([path], tmp_path / 'alone')
    assert goes_on < brightest.calls < goes_on + done
    assert (read(result.files['map']) == labels).all()

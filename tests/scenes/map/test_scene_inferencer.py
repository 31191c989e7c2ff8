"""Scenes of any shape get the right map, or one clear error and no file."""

import os
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.strips import Layers

rasterio = pytest.importorskip('rasterio')


def read(path):
    with rasterio.open(path) as raster:
        return raster.read(1)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_map_is_that_of_each_pixel_and_lies_as_the_scene(brightest, scene, tmp_path):
    path, labels = scene()
    products = Products(Layers(confidence=True, probabilities='uint16'))
    (result,) = SceneInferencer(brightest, products=products)([path], tmp_path / 'out')
    assert result.path == path and result.error is None and not result.kept
    assert (read(result.files['map']) == labels).all()
    with rasterio.open(result.files['map']) as raster, rasterio.open(path) as original:
        assert (raster.crs, raster.transform) == (original.crs, original.transform)
        assert raster.nodata == 255
    with rasterio.open(result.files['probabilities']) as raster:
        values = raster.read()
    assert (values[:, labels == 255] == 65535).all()
    assert (values.argmax(0) == labels)[labels != 255].all()
    assert (read(result.files['confidence']) >= 127).all()
    assert not (tmp_path / 'out' / 'scene.strips').exists()


@pytest.mark.parametrize(
    ('height', 'width', 'empty'),
    [(1, 1, 0), (1, 5000, 2), (300, 1, 0), (2, 3, 1), (9, 11, 3), (16, 16, 0), (40, 20, 40)],
    ids=['1x1', '1x5000', '300x1', '2x3', 'below a window', 'a window', 'no data'],
)
def test_scenes_of_any_shape(brightest, scene, tmp_path, height, width, empty):
    path, labels = scene(height, width, empty=empty)
    (result,) = SceneInferencer(brightest)([path], tmp_path / 'out')
    assert (read(result.files['map']) == labels).all()
    assert names(tmp_path / 'out') == ['scene.json', 'scene.qml', 'scene.tif', 'scene.tif.aux.xml']


def corrupt(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def one_band(path):
    with rasterio.open(path) as raster:
        profile, bands = raster.profile, raster.read()
    with rasterio.open(path, 'w', **{**profile, 'count': 1}) as raster:
        raster.write(bands[:1])


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (corrupt, r'expected a complete raster'),
        (one_band, r'expected bands \(1, 2\), found 1 bands'),
        (lambda path: path.write_text('text'), r'expected a complete raster'),
    ],
    ids=['corrupt', 'band', 'no raster'],
)
def test_a_scene_that_fails_is_named_and_the_others_go_on(
    brightest, scene, tmp_path, capfd, damage, message
):
    for seed, name in enumerate(['a.tif', 'b.tif', 'c.tif']):
        _, labels = scene(120, name=name, seed=seed)
    damage(tmp_path / 'b.tif')
    a, b, c = SceneInferencer(brightest)([tmp_path], tmp_path / 'out')
    assert a.error is None and (read(c.files['map']) == labels).all()
    assert b.files == {} and not list((tmp_path / 'out').glob('b.[!s]*'))
    assert re.match(f'{tmp_path / "b.tif"}: {message}', b.error)
    assert f'failed: {b.error}\n' in capfd.readouterr().err


def test_what_is_not_its_own_is_never_replaced(brightest, scene, tmp_path):
    path, _ = scene()
    content = path.read_bytes()
    (result,) = SceneInferencer(brightest)([path], tmp_path)
    assert 'scene.tif: expected a free name' in result.error and path.read_bytes() == content

    out, elsewhere = tmp_path / 'out', tmp_path / 'elsewhere'
    elsewhere.mkdir()
    SceneInferencer(brightest)([path], out)
    before = {file: file.read_bytes() for file in out.iterdir()}
    twin = elsewhere / 'scene.tif'
    twin.write_bytes(content)
    (result,) = SceneInferencer(brightest)([twin], out)
    assert f'expected the map of {twin}, found that of {path}' in result.error
    (result,) = SceneInferencer(brightest)([out / 'scene.tif'], out)
    assert result.error
    assert {file: file.read_bytes() for file in out.iterdir()} == before
    with pytest.raises(ValueError, match='different names'):
        SceneInferencer(brightest)([path, twin], out)

    mine = tmp_path / 'mine'
    mine.mkdir()
    for name, text in (('scene.json', '{}'), ('scene.png', 'a picture')):
        (mine / name).write_text(text)
        run = SceneInferencer(brightest, products=Products(quicklook=True))
        (result,) = run([path], mine)
        assert name in result.error and 'not made here' in result.error
        assert (mine / name).read_text() == text and names(mine) == [name]
        (mine / name).unlink()


def test_products_of_two_scenes_never_have_one_name(brightest, scene, tmp_path):
    scene(name='a.tif'), scene(name='a.confidence.tif')
    run = SceneInferencer(brightest, products=Products(Layers(True)))
    with pytest.raises(ValueError, match=r'a\.confidence\.tif: expected it of one scene'):
        run([tmp_path], tmp_path / 'out')
    assert not (tmp_path / 'out').exists() or names(tmp_path / 'out') == []


def test_a_scene_that_changes_while_it_is_mapped(brightest, scene, tmp_path):
    path, _ = scene()
    brightest.during = lambda: os.utime(path, ns=(1, 1))
    (result,) = SceneInferencer(brightest)([path], tmp_path / 'out')
    assert 'expected it unchanged' in result.error and names(tmp_path / 'out') == ['scene.strips']


def test_too_little_space_is_told_before_work(brightest, scene, tmp_path, monkeypatch):
    path, _ = scene()
    monkeypatch.setattr('shutil.disk_usage', lambda _: SimpleNamespace(free=9))
    (result,) = SceneInferencer(brightest)([path], tmp_path / 'out')
    assert 'MB free, found 0 MB' in result.error and brightest.calls == 0


def test_a_folder_that_cannot_be(brightest, scene, tmp_path):
    path, _ = scene()
    for out in (path, path / 'below'):
        with pytest.raises(OSError, match=rf'{out}: expected a folder that can be written to'):
            SceneInferencer(brightest)([path], out)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(batch_size=0), 'at least 1 window, got 0'),
        (dict(overlap=16), r'0 to 15 \(window - 1\), got 16'),
        (dict(overlap=8, window=(8, 32)), 'got 8'),
        (dict(window=(0, 4), overlap=0), 'window of at least 1 pixel, got 0'),
        (
            dict(products=Products(Layers(min_confidence=70))),
            'lowest confidence from 0 to 1, got 70',
        ),
    ],
)
def test_settings_out_of_range(brightest, settings, message):
    with pytest.raises(ValueError, match=message):
        SceneInferencer(brightest, **settings)


def test_more_classes_than_a_byte_holds(brightest):
    brightest.card = replace(brightest.card, classes=('c',) * 256)
    with pytest.raises(ValueError, match='at most 255 classes.*got 256'):
        SceneInferencer(brightest)


def test_with_any_a_pixel_is_empty_where_one_band_is(brightest, write, tmp_path):
    """The rule is part of the settings: the map is made anew."""
    bands = np.full((2, 20, 30), 9, np.uint16)
    bands[0, 4] = bands[:, 5] = 0
    path = write(bands, nodata=0)
    rest = [row for row in range(20) if row not in (4, 5)]
    for nodata, empty in ((None, [5]), ('any', [4, 5]), (9, rest)):
        (result,) = SceneInferencer(brightest, nodata=nodata)([path], tmp_path / 'out')
        with rasterio.open(result.files['map']) as raster:
            hidden = raster.read(1) == 255
        assert np.flatnonzero(hidden.any(axis=1)).tolist() == empty


@pytest.mark.parametrize('named', [False, True])
def test_an_alpha_band_that_looks_like_data_is_named_unless_it_is_used(
    brightest, write, tmp_path, capsys, named
):
    bands = np.random.default_rng(0).integers(1, 256, (4, 20, 30)).astype(np.uint8)
    bands[3, 7] = 0
    path = write(bands)
    (result,) = SceneInferencer(brightest, bands=[4, 1] if named else [2, 1])(
        [path], tmp_path / 'o'
    )
    assert ('scene.tif: band 4 is called alpha' in capsys.readouterr().out) != named
    with rasterio.open(result.files['map']) as raster:
        assert (raster.read(1)[7] == 255).all() != named


def test_maps_made_before_are_no_scenes(brightest, write, tmp_path, capsys):
    (tmp_path / 'scenes').mkdir()
    path = write(np.full((2, 8, 8), 100, np.uint16))
    path = path.rename(tmp_path / 'scenes' / path.name)
    for out in ('first', 'second'):
        (result,) = SceneInferencer(brightest)([path.parent], path.parent / out)
        assert result.error is None and result.files['map'].parent.name == out
    assert 'files left out, of maps made before: ' in capsys.readouterr().err

"""Scenes are seen at the ground size of training; maps keep the pixels of the scene."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.strips import Layers

rasterio = pytest.importorskip('rasterio')
from rasterio.transform import Affine  # noqa: E402
from rasterio.warp import Resampling, reproject  # noqa: E402


def read(path, band=1):
    with rasterio.open(path) as raster:
        return raster.read(band)


def mean_iou(found, labels):
    kept = labels != 255
    found, labels = found[kept], labels[kept]
    both = [((found == c) & (labels == c)).sum() for c in (0, 1)]
    either = [((found == c) | (labels == c)).sum() for c in (0, 1)]
    return 100 * np.mean(np.divide(both, either))


class Stripes:
    """A model that tells stripes of four pixels, class 0, from those of eight, class 1."""

    identity = 'stripes'

    def __init__(self, card):
        self.card = replace(card, bands=(1,), mean=(0.0,), std=(1.0,), fill=(0.0,), window=(32, 32))

    def __call__(self, images):
        # four pixels on, the former are themselves again, the latter are black for white
        padded = np.pad(images[:, 0], ((0, 0), (0, 0), (8, 8)), mode='reflect')
        apart = np.abs(padded[..., 4:] - padded[..., :-4])
        around = np.lib.stride_tricks.sliding_window_view(apart, 9, axis=2).mean(-1)
        wide = around[..., 2:-2] / (np.abs(images[:, 0]).mean() + 1e-3) > 0.8
        return np.stack([~wide, wide], 1) * 0.8 + np.float32(0.1)


@pytest.fixture
def striped(write, tmp_path):
    """Return a function that writes stripes of 10 m pixels at another size, and true labels."""
    labels = np.repeat([[0, 1]], [160, 160], axis=1).repeat(100, 0).astype(np.uint8)
    column = np.arange(320)
    bands = np.where(column < 160, column // 2 % 2, column // 4 % 2) * 200.0 - 100
    own = write(np.tile(bands.astype(np.float32), (1, 100, 1)))

    def at(factor):
        shape = round(100 / factor), round(320 / factor)
        place = dict(crs='EPSG:32633', transform=Affine(10 * factor, 0, 5e5, 0, -10 * factor, 5e6))
        size = dict(count=1, height=shape[0], width=shape[1], dtype='float32')
        there = np.zeros(shape, np.uint8)
        with rasterio.open(own) as source:
            place_of = dict(src_transform=source.transform, src_crs=source.crs)
            reproject(
                labels, there, **place_of, dst_transform=place['transform'],
                dst_crs=place['crs'], resampling=Resampling.nearest,
            )  # fmt: skip
            path = tmp_path / f'{factor}.tif'
            with rasterio.open(path, 'w', **size, **place) as raster:
                kind = Resampling.average if factor > 1 else Resampling.bilinear
                reproject(rasterio.band(source, 1), rasterio.band(raster, 1), resampling=kind)
        return path, there

    return at


@pytest.mark.parametrize('factor', [0.5, 2, 0.4])
def test_a_model_sees_a_scene_of_another_ground_size_as_it_was_trained(
    factor, card, striped, tmp_path
):
    """What it scores on its own pixels it scores at half, double and 0.4 times the size too."""
    model = Stripes(card)
    scores = {}
    for scale, gsd in ((1, None), (1, 10), (factor, None), (factor, 10)):
        path, labels = striped(scale)
        out = tmp_path / f'{scale} {gsd}'
        (result,) = SceneInferencer(model, gsd=gsd)([path], out)
        assert result.error is None
        found = read(result.files['map'])
        assert found.shape == labels.shape
        scores[scale, gsd] = mean_iou(found, labels)
    assert scores[1, None] == scores[1, 10] > 90
    assert abs(scores[factor, 10] - scores[1, None]) < 1
    assert scores[factor, None] < 60


@pytest.mark.parametrize('factor', [2, 3])
def test_all_layers_have_the_pixels_of_the_scene_and_its_empty_ones(
    factor, brightest, scene, write, tmp_path
):
    """Each pixel of a scene is repeated, so that averages give the scene back."""
    path, labels = scene(50, 37)
    bands = np.kron(read(path, [1, 2]), np.ones((1, factor, factor), np.uint16))
    fine = write(bands, 'fine.tif', nodata=0)
    products = Products(Layers(confidence=True, probabilities='uint16'), quicklook=True)
    out = tmp_path / 'out'
    (plain,) = SceneInferencer(brightest, products=products)([path], out)
    (result,) = SceneInferencer(brightest, products=products, gsd=10 * factor)([fine], out)
    for kind in ('map', 'confidence', 'probabilities'):
        small, large = read(plain.files[kind], None), read(result.files[kind], None)
        expected = small.repeat(factor, 1).repeat(factor, 2).astype(int)
        # an average of equal numbers may round to another
        np.testing.assert_allclose(large, expected, rtol=0, atol=0 if kind == 'map' else 1)
    with rasterio.open(result.files['map']) as found, rasterio.open(fine) as original:
        assert (found.crs, found.transform) == (original.crs, original.transform)
    summary = json.loads(result.files['summary'].read_bytes())
    assert [one['pixels'] for one in summary['classes']] == [
        factor**2 * (labels == label).sum() for label in (0, 1)
    ]


def test_empty_pixels_are_those_of_the_scene_to_the_pixel(brightest, scene, tmp_path):
    path, labels = scene(61, 47, empty=7)
    for gsd in (23, 3):
        (result,) = SceneInferencer(brightest, gsd=gsd)([path], tmp_path / str(gsd))
        np.testing.assert_array_equal(read(result.files['map']) == 255, labels == 255)


def test_a_run_that_was_ended_goes_on_to_the_same_bytes(brightest, scene, tmp_path):
    path, _ = scene(300, 40)
    products = Products(Layers(True, 'uint8'))
    (whole,) = SceneInferencer(brightest, products=products, gsd=14)([path], tmp_path / 'whole')
    brightest.fails_after = brightest.calls + 8
    with pytest.raises(KeyboardInterrupt):
        SceneInferencer(brightest, products=products, gsd=14)([path], tmp_path / 'out')
    assert list(tmp_path.glob('out/scene.strips/*.npz'))
    brightest.fails_after = None
    (result,) = SceneInferencer(brightest, products=products, gsd=14)([path], tmp_path / 'out')
    for kind, file in result.files.items():
        assert file.read_bytes() == whole.files[kind].read_bytes()
    (kept,) = SceneInferencer(brightest, products=products, gsd=14)([path], tmp_path / 'out')
    (other,) = SceneInferencer(brightest, products=products, gsd=5)([path], tmp_path / 'out')
    assert kept.kept and not other.kept


def test_the_size_of_training_is_asked_for_by_name(brightest, scene, tmp_path):
    path, _ = scene()
    brightest.card = replace(brightest.card, ground_size=(20.0, 20.0))
    by_name = SceneInferencer(brightest, gsd='trained')([path], tmp_path / 'a')
    by_number = SceneInferencer(brightest, gsd=20)([path], tmp_path / 'b')
    assert by_name[0].files['map'].read_bytes() == by_number[0].files['map'].read_bytes()
    brightest.card = replace(brightest.card, ground_size=None)
    with pytest.raises(ValueError, match='does not say at what size'):
        SceneInferencer(brightest, gsd='trained')


def test_a_scene_without_place_cannot_be_resampled(brightest, scene, tmp_path):
    path, labels = scene()
    with rasterio.open(path) as raster:
        profile, bands = raster.profile, raster.read()
    with rasterio.open(path, 'w', **{**profile, 'crs': None}) as raster:
        raster.write(bands)
    (result,) = SceneInferencer(brightest, gsd=20)([path], tmp_path / 'out')
    assert result.error.startswith(f'{path}: expected a CRS and a transform')
    (result,) = SceneInferencer(brightest)([path], tmp_path / 'out')
    assert (read(result.files['map']) == labels).all()


@pytest.mark.parametrize(
    ('trained', 'gsd', 'told'),
    [(25.0, None, 1), (14.0, None, 0), (None, None, 0), (25.0, 'trained', 0), (25.0, 7, 0)],
)
def test_a_scene_of_another_size_is_told_in_one_line(
    trained, gsd, told, brightest, scene, tmp_path, capfd
):
    path, _ = scene()
    brightest.card = replace(brightest.card, ground_size=trained and (trained, trained))
    SceneInferencer(brightest, gsd=gsd)([path], tmp_path / 'out')
    lines = [line for line in capfd.readouterr().err.splitlines() if 'warning' in line]
    assert len(lines) == told
    for line in lines:
        assert line.startswith(f'warning: {path}: its pixels measure 10 m') and '25 m' in line
        assert '--gsd' in line

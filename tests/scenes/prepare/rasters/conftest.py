"""Rasters for the tests."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.prepare.rasters import prepare

SPLIT = '{train: [a], val: [b]}'
CLASSES = """
classes:
  water: {labels: [1, 2], colour: '#0000ff'}
  forest: {labels: [7], colour: '#00ff00'}
ignore: [0]
"""
NUMBERS = np.array([0, 1, 2, 7], np.uint8)
INDICES = np.array([255, 0, 0, 1], np.uint8)
ORIGINS = {'a': (399_960, 5_100_000), 'b': (450_000, 5_100_000)}


@pytest.fixture
def write() -> Callable[..., Path]:
    """A function that writes a raster with rasterio: (C, H, W) or (H, W), 10 m pixels."""
    rasterio = pytest.importorskip('rasterio')
    pytest.importorskip('shapely', reason='the splits need it; the extra raster brings it')

    def write(path, pixels, origin=None, epsg=32632, pixel=10, **profile):
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.atleast_3d(pixels.T).T  # a lone band becomes the first of one
        place = {}
        if origin is not None:
            transform = rasterio.transform.from_origin(*origin, pixel, pixel)
            place = dict(crs=f'EPSG:{epsg}', transform=transform)
        count, height, width = pixels.shape
        shape = dict(count=count, height=height, width=width, dtype=pixels.dtype)
        driver = {'.tif': 'GTiff', '.png': 'PNG', '.jpg': 'JPEG'}[path.suffix]
        with rasterio.open(path, 'w', driver=driver, **shape, **place, **profile) as raster:
            raster.write(pixels)
        return path

    return write


@pytest.fixture
def rng():
    """Random numbers, the same in each test."""
    return np.random.default_rng(0)


@pytest.fixture
def kinds(rng):
    """Which of four labels each pixel has, by name; rectangles of 10 pixels, (50, 70)."""
    return {n: rng.integers(0, 4, (5, 7)).repeat(10, 0).repeat(10, 1) for n in 'ab'}


@pytest.fixture
def run(tmp_path):
    """A function that prepares tmp_path/in in tiles of 32, split by a list."""

    def run(classes=CLASSES, **arguments):
        (tmp_path / 'classes.yaml').write_text(classes)
        (tmp_path / 'splits.yaml').write_text(SPLIT)
        arguments = dict(split=str(tmp_path / 'splits.yaml'), tile=32) | arguments
        folder = arguments.pop('labels', tmp_path / 'labels')
        return prepare(
            tmp_path / 'out', tmp_path / 'images', folder, tmp_path / 'classes.yaml', **arguments
        )

    return run


@pytest.fixture
def source(write, tmp_path, rng, kinds):
    """A function that writes two images of random pixels and their labels; gives the pixels."""

    def source(dtype='uint8', bands=3, suffix='.tif', placed=True, **profile):
        images = {}
        for name, kind in kinds.items():
            origin = ORIGINS[name] if placed else None
            images[name] = (rng.random((bands, 50, 70)) * 250 + 1).astype(dtype)
            write(tmp_path / 'images' / (name + suffix), images[name], origin, **profile)
            write(tmp_path / 'labels' / f'{name}.tif', NUMBERS[kind], origin)
        return images

    return source


def tiles(out, kind):
    """The files of one kind by scene, row and column."""
    paths = [path for path in (out / kind).rglob('*_y*') if path.suffix in {'.png', '.tif'}]
    corners = {path: path.stem.rsplit('_', 2) for path in paths}
    return {(name, int(y[1:]), int(x[1:])): path for path, (name, y, x) in corners.items()}


def read_mask(path):
    return np.asarray(Image.open(path))


def masks(out, labels):
    """Each tile's mask with what it should hold: in val, a pixel is in the first tile only."""
    held = {name: np.zeros(truth.shape, bool) for name, truth in labels.items()}
    for (name, y, x), path in sorted(tiles(out, 'ann_dir').items()):
        mask = read_mask(path)
        part = np.s_[y : y + mask.shape[0], x : x + mask.shape[1]]
        expected = labels[name][part]
        if path.parent.name == 'val':
            expected = np.where(held[name][part], 255, expected)
            held[name][part] = True
        yield mask, expected

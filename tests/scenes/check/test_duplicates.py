"""Copies are found across splits, exact and nearly so; what only looks alike to a hash is not."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ktda_mmseg.scenes.check import duplicates
from ktda_mmseg.scenes.check.duplicates import likeness

from .conftest import SIZE, DataSet

pytestmark = pytest.mark.filterwarnings('ignore:Dataset has no geotransform')
LARGE = 96


@pytest.fixture
def picture() -> np.ndarray:
    """A scene with contrast at several scales, as of the ground from above."""
    rng = np.random.default_rng(1)
    scales = []
    for size in (4, 12, 48):
        noise = Image.fromarray(rng.integers(0, 256, (size, size, 3), np.uint8))
        scales.append(np.asarray(noise.resize((LARGE, LARGE), Image.Resampling.BICUBIC), float))
    return np.clip(np.average(scales, 0, (4, 2, 1)), 0, 255).astype(np.uint8)


def recompressed(pixels, quality=60):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, 'JPEG', quality=quality)
    return np.asarray(Image.open(stream))


CHANGES = {
    'jpeg': recompressed,
    'poor jpeg': lambda pixels: recompressed(pixels, 25),
    'brighter': lambda pixels: np.clip(pixels.astype(int) + 12, 0, 255).astype(np.uint8),
    'darker and jpeg': lambda pixels: recompressed((pixels * 0.9).astype(np.uint8)),
    'noise': lambda pixels: np.clip(
        pixels + np.random.default_rng(2).normal(0, 4, pixels.shape), 0, 255
    ).astype(np.uint8),
    'blurred': lambda pixels: np.asarray(Image.fromarray(pixels).filter(ImageFilter.BLUR)),
    'halved and back': lambda pixels: np.asarray(
        Image.fromarray(pixels).resize((LARGE // 2,) * 2).resize((LARGE,) * 2)
    ),
}


def plant(folder: DataSet, split: str, name: str, pixels: np.ndarray) -> None:
    folder.write_image(split, name, pixels)
    folder.write_mask(split, name, np.arange(pixels.shape[0] * pixels.shape[1]).reshape(
        pixels.shape[:2]
    ) % 5)  # fmt: skip


@pytest.mark.parametrize('change', CHANGES)
def test_a_changed_copy_is_found(rgb, picture, change):
    plant(rgb, 'train', 'x', picture)
    plant(rgb, 'test', 'y', CHANGES[change](picture))
    (fault,) = rgb.faults()
    assert (fault.severity, fault.kind) == ('warning', 'similar image across splits')
    assert fault.files == (rgb.image('train', 'x'), rgb.image('test', 'y'))
    for file in fault.files:
        assert str(file) in fault.message


def test_an_exact_copy_is_found_whatever_the_file_says(rgb, picture):
    plant(rgb, 'train', 'x', picture)
    plant(rgb, 'val', 'y', picture)
    Image.fromarray(picture).save(rgb.image('val', 'y'), compress_level=0)
    assert rgb.image('train', 'x').read_bytes() != rgb.image('val', 'y').read_bytes()
    (fault,) = rgb.faults()
    assert (fault.severity, fault.kind) == ('error', 'same image across splits')


def test_a_copy_within_a_split_is_a_warning(rgb):
    shutil.copy(rgb.image('train', 'a'), rgb.image('train', 'again'))
    shutil.copy(rgb.mask('train', 'a'), rgb.mask('train', 'again'))
    (fault,) = rgb.faults()
    assert (fault.severity, fault.kind) == ('warning', 'same image in train')


@pytest.mark.parametrize('other', [0, 1])
def test_tiles_of_one_value_match_nothing(rgb, other):
    for split, value in (('train', 0), ('test', other)):
        plant(rgb, split, 'flat', np.full((SIZE, SIZE, 3), value, np.uint8))
    assert {fault.kind for fault in rgb.faults()} == {'image of one value'}


def test_shapes_and_types_tell_equal_bytes_apart():
    pixels = np.arange(24, dtype=np.uint8)
    digests = {
        likeness(pixels.reshape(4, 2, 3)).digest,
        likeness(pixels.reshape(2, 4, 3)).digest,
        likeness(pixels.view(np.int8).reshape(2, 4, 3)).digest,
    }
    assert len(digests) == 3


def test_other_scenes_are_not_alike(rgb, picture):
    plant(rgb, 'train', 'x', picture)
    for name, pixels in dict(
        mirrored=picture[:, ::-1], turned=np.rot90(picture), negative=255 - picture
    ).items():
        plant(rgb, 'test', name, np.ascontiguousarray(pixels))
    # the borders of a picture do go on in its mirror image
    assert {fault.kind for fault in rgb.faults()} <= {'neighbours across splits'}


def test_multi_band_images_are_compared_too(floats):
    pixels = floats.rng.normal(0.3, 0.1, (SIZE, SIZE, 2)).astype(np.float32)
    floats.write_image('train', 'a', pixels)
    floats.write_image('test', 'f', pixels * np.float32(1.05))
    (fault,) = floats.faults()
    assert fault.files == (floats.image('train', 'a'), floats.image('test', 'f'))


def test_of_many_alike_each_is_named_once_with_the_most_alike(rgb, picture):
    for level in (3, 9):
        noise = rgb.rng.normal(0, level, picture.shape)
        plant(rgb, 'train', f'noise{level}', np.clip(picture + noise, 0, 255).astype(np.uint8))
    for name in ('y', 'z'):
        plant(rgb, 'test', name, CHANGES['brighter'](picture) + np.uint8(name == 'z'))
    similar = [fault.files for fault in rgb.faults()]
    assert similar == [(rgb.image('train', 'noise3'), rgb.image('test', n)) for n in 'yz']


def test_a_block_boundary_hides_no_pair(rgb, picture, monkeypatch):
    monkeypatch.setattr(duplicates, 'BLOCK', 2)
    plant(rgb, 'train', 'x', picture)
    plant(rgb, 'test', 'y', CHANGES['jpeg'](picture))
    (fault,) = rgb.faults()
    assert fault.files == (rgb.image('train', 'x'), rgb.image('test', 'y'))

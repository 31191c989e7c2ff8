"""Bands, sizes and label values of one sample, through the pipelines of the configs."""

import numpy as np
import pytest
from mmseg.registry import TRANSFORMS
from PIL import Image

from ktda_mmseg.datasets import SampleError

from ..raster.conftest import write_tiff

LOADERS = pytest.mark.parametrize('loader', ['train', 'test'])


@LOADERS
def test_a_label_outside_the_classes_is_counted(folder, loader):
    labels = np.zeros((32, 32))
    labels[0, :3], labels[1, :2], labels[2] = 5, 9, 255
    folder.write('ann_dir', 'a.png', labels)
    with pytest.raises(
        SampleError,
        match=r'a\.png: expected labels 0 to 4 or 255 \(ignored\), '
        r'found 5 in 3 pixels, 9 in 2 pixels$',
    ):
        folder.build(loader)[0]


def test_a_label_of_16_bits_is_not_wrapped(folder):
    labels = np.zeros((32, 32))
    labels[0, 0] = 256  # as 8 bits this is class 0
    folder.write('ann_dir', 'a.png', labels, 'uint16')
    with pytest.raises(SampleError, match=r'found 256 in 1 pixels'):
        folder.build()[0]


@pytest.mark.parametrize(('value', 'dtype'), [(4, 'uint16'), (255, 'uint8')])
def test_good_labels_of_16_bits_and_ignored_ones_pass(folder, value, dtype):
    folder.write('ann_dir', 'a.png', np.full((32, 32), value), dtype)
    assert (folder.build()[0]['data_samples'].gt_sem_seg.data == value).all()


@LOADERS
def test_a_mask_of_another_size_is_named(folder, loader):
    folder.write('ann_dir', 'a.png', np.zeros((32, 30)))
    with pytest.raises(SampleError, match=r'a\.png: .*a\.tif, 32x32 .*found 30x32'):
        folder.build(loader)[0]


@LOADERS
@pytest.mark.parametrize('bands', [1, 4])
def test_a_wrong_number_of_bands_is_named(folder, loader, bands):
    folder.write('img_dir', 'a.tif', np.zeros((32, 32, 4)) if bands == 4 else np.zeros((32, 32)))
    with pytest.raises(SampleError, match=rf'a\.tif: expected 3 bands, found {bands}$'):
        folder.build(loader)[0]


@pytest.mark.filterwarnings('ignore:Dataset has no geotransform')
def test_bands_that_pillow_cannot_read_are_named(folder):
    write_tiff(folder.path('img_dir', 'a.tif'), np.zeros((8, 32, 32), 'float32'))
    with pytest.raises(SampleError, match=r'a\.tif: .*found 8 bands of 32 bits, which LoadRaster'):
        folder.build()[0]


def test_a_mask_in_colours_is_named(folder):
    folder.write('ann_dir', 'a.png', np.zeros((32, 32, 3)))
    with pytest.raises(SampleError, match=r'a\.png: expected a mask of 1 band, found 3$'):
        folder.build()[0]


def test_a_mask_with_a_palette_keeps_its_indices(folder):
    mask = Image.fromarray(np.full((32, 32), 3, np.uint8), mode='P')
    mask.putpalette([*range(30)])
    mask.save(folder.path('ann_dir', 'a.png'))
    assert (folder.build()[0]['data_samples'].gt_sem_seg.data == 3).all()


def test_a_subset_of_the_classes_is_mapped_before_the_check(folder):
    dataset = folder.build(metainfo=dict(classes=('middle', 'high')))
    labels = dataset[0]['data_samples'].gt_sem_seg.data
    assert set(labels.unique().tolist()) == {0, 1, 255}


def test_an_array_to_predict_on_needs_no_path_and_no_labels():
    check = TRANSFORMS.build(dict(type='CheckSample'))
    sample = dict(img=np.zeros((8, 8, 3), np.uint8), ori_shape=(8, 8))
    assert check(sample) is sample
    with pytest.raises(SampleError, match=r'^image array: expected 3 bands, found 4$'):
        check(dict(img=np.zeros((8, 8, 4), np.uint8), ori_shape=(8, 8)))

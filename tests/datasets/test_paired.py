"""Folders and pairs are checked when a data set is built, files when they are loaded."""

import shutil

import numpy as np
import pytest
from PIL import Image
from torch.utils.data import DataLoader

from ktda_mmseg.datasets import PairedSegDataset, SampleError

# Pillow warns of what it then refuses
pytestmark = pytest.mark.filterwarnings('ignore::UserWarning:PIL')
LOADERS = pytest.mark.parametrize('loader', ['train', 'test'])


@LOADERS
def test_a_sound_folder_loads(folder, loader):
    dataset = folder.build(loader)
    assert len(dataset) == 2
    assert dataset[0]['inputs'].shape[0] == 3
    assert dataset[0]['data_samples'].gt_sem_seg.shape == (32, 32)


def test_images_without_masks_come_last_and_are_ignored_whole(folder):
    shutil.copytree(folder.root / 'img_dir' / 'train', folder.root / 'more')
    dataset = folder.build(unlabelled=['more'])
    labels = [sample['data_samples'].gt_sem_seg.data for sample in dataset]
    assert [bool((label == 255).all()) for label in labels] == [False, False, True, True]
    assert labels[2].shape == labels[0].shape
    assert dataset.get_data_info(2)['img_path'] == str(folder.root / 'more' / 'a.tif')


def test_a_folder_of_images_without_masks_must_be_there(folder):
    with pytest.raises(FileNotFoundError, match=r'expected a folder of \.tif images at .*nowhere'):
        folder.build(unlabelled=['nowhere'])


def test_one_folder_of_images_without_masks_is_a_list_of_one(folder):
    with pytest.raises(ValueError, match="expected a list of folders, got 'more'"):
        folder.build(unlabelled='more')


def test_a_truncated_image_without_mask_is_named(folder):
    (folder.root / 'more').mkdir()
    content = folder.path('img_dir', 'a.tif').read_bytes()
    (folder.root / 'more' / 'a.tif').write_bytes(content[:100])
    dataset = folder.build(unlabelled=['more'])
    with pytest.raises(SampleError, match=r'more/a\.tif: expected a complete'):
        dataset[2]


@pytest.mark.parametrize('kind', ['img_dir', 'ann_dir'])
def test_a_missing_folder_is_named(folder, kind):
    shutil.rmtree(folder.root / kind)
    with pytest.raises(FileNotFoundError, match=rf'expected a folder .*{kind}/train.*found none'):
        folder.build()


@pytest.mark.parametrize('kind', ['img_dir', 'ann_dir'])
def test_an_empty_folder_is_named(folder, kind):
    for file in (folder.root / kind / 'train').iterdir():
        file.unlink()
    with pytest.raises(FileNotFoundError, match=rf'{kind}/train.*found 0 files'):
        folder.build()


def test_a_folder_of_another_type_says_which(folder):
    with pytest.raises(FileNotFoundError, match=r'expected \.jpg images .*found 2 files .*\.tif'):
        folder.build(img_suffix='.jpg')


def test_an_image_without_mask_is_named(folder):
    folder.path('ann_dir', 'b.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'a mask for each image .*ann_dir.* for 1: b$'):
        folder.build()


def test_a_mask_without_image_is_named(folder):
    folder.path('img_dir', 'a.tif').unlink()
    with pytest.raises(ValueError, match=r'an image for each mask .*img_dir.* for 1: a$'):
        folder.build()


def test_many_missing_masks_are_counted_and_the_first_named(folder):
    for index in range(9):
        folder.write('img_dir', f'x{index}.tif', np.zeros((4, 4, 3)))
    with pytest.raises(FileNotFoundError, match=r'for 9: x0, x1, x2, x3, x4, \.\.\.$'):
        folder.build()


def test_a_list_selects_pairs_and_must_exist(folder):
    listed = folder.root / 'list.txt'
    folder.write('ann_dir', 'unlisted.png', np.zeros((4, 4)))
    listed.write_text('b\n')
    for encoding in ('utf-8', 'utf-8-sig', 'utf-16'):
        listed.write_bytes('b\r\n\r\n'.encode(encoding))
        dataset = folder.build(ann_file='list.txt')
        assert [dataset[i]['data_samples'].img_path for i in range(len(dataset))] == [
            str(folder.path('img_dir', 'b.tif'))
        ]
    listed.write_text('b\nc\n')
    with pytest.raises(FileNotFoundError, match=r'list\.txt: expected images .* for 1: c$'):
        folder.build(ann_file='list.txt')


def test_without_a_mask_folder_images_are_enough(folder):
    shutil.rmtree(folder.root / 'ann_dir')
    pipeline = [step for step in folder.config.test_pipeline if step['type'] != 'LoadAnnotations']
    dataset = folder.build('test', data_prefix=dict(img_path='img_dir/train'), pipeline=pipeline)
    assert dataset[1]['inputs'].shape[0] == 3


@LOADERS
@pytest.mark.parametrize(('kind', 'name'), [('img_dir', 'a.tif'), ('ann_dir', 'a.png')])
@pytest.mark.parametrize('kept', [0.0, 0.1, 0.5, 0.95])
def test_a_truncated_file_is_named(folder, loader, kind, name, kept):
    path = folder.path(kind, name)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(SampleError, match=rf'^\S*{kind}/train/{name}: expected a complete') as info:
        folder.build(loader)[0]
    assert '\n' not in str(info.value)


@pytest.mark.parametrize('compression', ['tiff_lzw', 'tiff_adobe_deflate'])
def test_a_truncated_compressed_tiff_is_named(folder, compression):
    path = folder.path('img_dir', 'a.tif')
    Image.open(path).save(path, compression=compression)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SampleError, match=r'a\.tif: expected a complete .* truncated'):
        folder.build()[0]


def test_a_file_that_vanishes_is_named(folder):
    dataset = folder.build()
    folder.path('ann_dir', 'a.png').unlink()
    with pytest.raises(SampleError, match=r'a\.png: expected a file, found none'):
        dataset[0]


def test_an_error_that_is_not_of_a_file_stays_what_it_is(folder):
    dataset = folder.build()
    dataset.pipeline = lambda sample: 1 / 0
    with pytest.raises(ZeroDivisionError):
        dataset[0]


def test_a_worker_tells_the_same_sentence(folder):
    path = folder.path('img_dir', 'a.tif')
    path.write_bytes(path.read_bytes()[:100])
    dataset = folder.build()
    with pytest.raises(SampleError) as here:
        dataset[0]
    with pytest.raises(SampleError) as there:
        list(DataLoader(dataset, num_workers=1, collate_fn=list))
    assert str(there.value) == str(here.value)


def test_classes_come_through_metainfo(folder):
    shutil.move(folder.path('img_dir', 'a.tif'), folder.path('img_dir', 'a.png'))
    shutil.move(folder.path('img_dir', 'b.tif'), folder.path('img_dir', 'b.png'))
    dataset = PairedSegDataset(
        data_root=str(folder.root),
        data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train'),
        metainfo=dict(classes=('x', 'y', 'z')),
    )
    assert dataset.get_data_info(0)['num_classes'] == 3

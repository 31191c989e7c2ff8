"""What the loaders of a config read, however it is wrapped."""

import shutil

import pytest
from mmengine.config import Config

from ktda_mmseg.scenes.check.pairs import read_sources
from ktda_mmseg.scenes.check.running import check

from .conftest import LOADING, ROOT

BASES = ROOT / 'configs' / '_base_'


def test_defaults_of_the_data_set_count():
    """The type knows its suffix, its classes and that val serves as test."""
    train, val, test = read_sources(Config.fromfile(BASES / 'datasets' / 'grass.py'))
    assert (train.image_suffix, train.mask_suffix) == ('.tif', '.png')
    assert str(train.images) == 'data/grass/img_dir/train'
    assert str(train.masks) == 'data/grass/ann_dir/train'
    assert val.images == test.images
    assert train.labels.classes[-1] == 'high'
    assert (train.reading.mode, train.reading.eight_bit, train.reading.bands) == (None, True, 3)


@pytest.mark.parametrize(
    ('step', 'mode', 'eight_bit'),
    [
        (dict(), 'RGB', True),
        (dict(color_type='grayscale'), 'L', True),
        (dict(color_type='unchanged'), None, False),
        (dict(color_type='unchanged', imdecode_backend='pillow'), None, True),
        (dict(color_type='unchanged', imdecode_backend='tifffile'), None, False),
    ],
)
def test_the_loader_tells_how_images_are_read(rgb, step, mode, eight_bit):
    config = rgb.config(pipeline=[dict(type='mmseg.LoadImageFromFile', **step)])
    reading = read_sources(config)[0].reading
    assert (reading.mode, reading.eight_bit, reading.raster) == (mode, eight_bit, False)


def test_wrapped_data_sets_are_found(rgb):
    inner = rgb.dataset('val')
    config = Config(
        dict(
            train_dataloader=dict(
                dataset=dict(
                    type='RepeatDataset',
                    times=2,
                    dataset=dict(type='ConcatDataset', datasets=[rgb.dataset('train'), inner]),
                )
            )
        )
    )
    assert [source.images.name for source in read_sources(config)] == ['train', 'val']


def test_two_splits_of_one_folder_are_a_remark_and_training_on_one_a_warning(rgb):
    for train, severity in (('train', 'remark'), ('val', 'warning')):
        config = rgb.config()
        config.train_dataloader.dataset.data_prefix = rgb.dataset(train)['data_prefix']
        config.test_dataloader.dataset.data_prefix = rgb.dataset('val')['data_prefix']
        checked = check(config)
        assert [fault.severity for fault in checked.faults][-1] == severity
        assert {fault.kind for fault in checked.faults} == {'same folder in two splits'}
        assert len(checked.pairs) == len({pair.image for pair in checked.pairs})


def test_all_that_is_missing_is_told_at_once(rgb):
    shutil.rmtree(rgb.root / 'img_dir' / 'train')
    shutil.rmtree(rgb.root / 'ann_dir' / 'val')
    for file in (rgb.root / 'img_dir' / 'test').iterdir():
        file.rename(file.with_suffix('.jpg'))
    assert [fault.message for fault in rgb.faults()] == [
        f'{rgb.root}/img_dir/train: expected a folder of .png files, found none',
        f'{rgb.root}/ann_dir/val: expected a folder of .png files, found none',
        f'{rgb.root}/img_dir/test: expected .png files, found 2 others',
    ]


def test_a_list_selects_and_names_what_it_misses(rgb):
    (rgb.root / 'list.txt').write_text('d\nzz\n')
    rgb.write_mask('val', 'unlisted', [[0]])
    config = rgb.config()
    config.val_dataloader.dataset.ann_file = 'list.txt'
    checked = check(config)
    fault, alone = checked.faults
    assert fault.message.startswith(f'{rgb.root}/list.txt: expected an image zz in ')
    assert alone.kind == 'a single image'
    assert len(checked.pairs) == 6
    config.val_dataloader.dataset.ann_file = 'none.txt'
    assert (
        check(config)
        .faults[0]
        .message.endswith('none.txt: expected a list of names, found no file')
    )


def test_without_masks_images_are_checked(rgb):
    config = rgb.config()
    del config.test_dataloader.dataset.data_prefix['seg_map_path']
    shutil.rmtree(rgb.root / 'ann_dir' / 'test')
    assert check(config).faults == []


def test_classes_of_splits_must_agree(rgb):
    config = rgb.config()
    config.val_dataloader.dataset.metainfo = dict(classes=('x', 'y'))
    with pytest.raises(ValueError, match=r"^val_dataloader.dataset: .* of train, .*'x'"):
        read_sources(config)


def test_the_model_must_have_as_many_classes(rgb):
    config = rgb.config()
    config.model = dict(decode_head=dict(num_classes=4))
    (fault,) = check(config).faults
    assert fault.message == ('model.decode_head.num_classes: expected 5, as many as classes, got 4')


@pytest.mark.parametrize(
    ('change', 'found'),
    [
        (dict(type='NoSuchDataset'), 'NoSuchDataset'),
        (dict(no_such_argument=1), 'no_such_argument'),
        (dict(backend_args=dict(backend='petrel')), 'petrel'),
    ],
)
def test_a_data_set_that_cannot_be_built_is_named(rgb, change, found):
    with pytest.raises(ValueError, match=rf'^train_dataloader\.dataset: expected .*{found}'):
        read_sources(rgb.config(**change))


def test_loading_is_the_one_of_the_project_configs():
    pipeline = Config.fromfile(BASES / 'datasets' / 'rgb_tiles.py').train_pipeline
    assert LOADING in pipeline

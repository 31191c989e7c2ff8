"""What is wrong with the input ends a run in one line that says so, also from a loader's worker."""

import shutil

import numpy as np
import pytest
from PIL import Image


def first(root, kind):
    return sorted((root / kind / 'train').iterdir())[0]


def foreign_class(root):
    path = first(root, 'ann_dir')
    mask = np.array(Image.open(path))
    mask[:2, :3] = 9
    Image.fromarray(mask).save(path)
    return [path.name, '9', '6']


def truncated_image(root):
    path = first(root, 'img_dir')
    path.write_bytes(path.read_bytes()[:-3000])
    return [path.name]


def missing_mask(root):
    path = first(root, 'ann_dir')
    path.unlink()
    return [path.stem, 'mask']


def wrong_bands(root):
    path = first(root, 'img_dir')
    Image.open(path).convert('L').save(path)
    return [path.name, '3', '1']


@pytest.mark.parametrize('damage', [foreign_class, truncated_image, missing_mask, wrong_bands])
def test_a_damaged_data_set(tools, quickstart, options, synthetic, tmp_path, damage):
    root = tmp_path / 'data'
    shutil.copytree(synthetic, root)
    words = damage(root)
    changed = [option.replace(str(synthetic), str(root)) for option in options]
    changed += ['train_cfg.max_iters=8', 'train_dataloader.num_workers=1']
    printed = tools.fail('train.py', quickstart, '--work-dir', tmp_path / 'work', *changed)
    assert_one_line(printed, *words)


@pytest.mark.parametrize(
    ('option', 'words'),
    [
        ('train_dataloader.dataset.data_root=nowhere', ['nowhere', 'folder']),
        (
            'model.backbone.init_cfg.type=Pretrained model.backbone.init_cfg.checkpoint=no.pth',
            ['no.pth'],
        ),
        ('model.neck.patchsize=8', ['FAM', 'patchsize']),
        ('model.decode_head.modulation.heads=8', ['num_heads', 'heads']),
        ('model.neck.out_channels=32', ['neck.out_channels', '24, 40, 112, 320', '32']),
        ('train_dataloader.batch_size=1 model.data_preprocessor.size=(64,64)', ['1×1 pool', 'GN']),
    ],
    ids=['folder', 'weights', 'key', 'section', 'width', 'batch of one'],
)
def test_a_wrong_setting(tools, quickstart, options, tmp_path, option, words):
    changed = [*options, *option.split(), 'train_dataloader.num_workers=0']
    if 'out_channels' in option:
        changed += [
            'model.decode_head.in_channels=[32,32,32,32]',
            'model.decode_head.pyramid.in_channels=[32,32,32,32]',
        ]
    printed = tools.fail('train.py', quickstart, '--work-dir', tmp_path / 'work', *changed)
    assert_one_line(printed, *words)


def assert_one_line(printed, *words):
    errors = [line for line in printed.splitlines() if line.startswith('error: ')]
    assert len(errors) == 1, printed[-3000:]
    assert 'Traceback' not in printed
    for word in words:
        assert word in errors[0], errors[0]

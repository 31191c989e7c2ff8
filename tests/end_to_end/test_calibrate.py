"""A checkpoint is calibrated by the command line, and tests say that its confidence is true."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.apis import inference_model, init_model
from mmseg.registry import MODELS
from PIL import Image
from scipy.special import softmax

from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.datasets import GrassDataset

FACTOR = 2.0  # logits are too large by it
PARTS = ('type', 'backbone', 'neck', 'decode_head', 'data_preprocessor', 'test_cfg')


@pytest.fixture(scope='module')
def trained(quickstart, tmp_path_factory):
    """Config and random weights, and images whose labels are drawn by half of the logits."""
    folder = tmp_path_factory.mktemp('trained')
    config = Config.fromfile(quickstart)
    config.model.backbone.pop('init_cfg', None)
    for split in ('train', 'val', 'test'):
        config[f'{split}_dataloader'].update(num_workers=0, persistent_workers=False)
        config[f'{split}_dataloader'].dataset.data_root = str(folder)
    config.dump(folder / 'mine.py')
    rng = np.random.default_rng(0)
    for split in ('val', 'test'):
        for kind in ('img_dir', 'ann_dir'):
            (folder / kind / split).mkdir(parents=True)
        for index in range(4):
            noise = Image.fromarray(rng.integers(0, 256, (12, 12, 3), np.uint8))
            noise = noise.resize((128, 128), Image.Resampling.BICUBIC)
            noise.save(folder / 'img_dir' / split / f'{index}.tif')
    logits_of = random_weights(config, folder)
    for image in sorted(folder.glob('img_dir/*/*.tif')):
        logits = logits_of(image)
        shares = softmax(logits / FACTOR, 0).cumsum(0)
        labels = (rng.random(logits.shape[1:]) > shares[:-1]).sum(0).astype(np.uint8)
        labels[:9] = 255
        mask = folder / 'ann_dir' / image.parent.name / f'{image.stem}.png'
        Image.fromarray(labels).save(mask)
    return folder


def random_weights(config, folder):
    """Save weights by which logits vary by 4, and return what gives those of an image."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build({k: v for k, v in config.model.items() if k in PARTS})
    for value in model.parameters():
        value.data += torch.randn_like(value) * 0.05
    state = {'state_dict': model.state_dict(), 'meta': {'dataset_meta': GrassDataset.METAINFO}}

    def logits_of(image):
        return inference_model(plain, str(image)).seg_logits.data.numpy()

    for _ in range(2):
        torch.save(state, folder / 'plain.pth')
        plain = init_model(str(folder / 'mine.py'), str(folder / 'plain.pth'), 'cpu')
        scale = 4 / logits_of(folder / 'img_dir' / 'val' / '0.tif').std()
        for part in ('weight', 'bias'):
            state['state_dict'][f'decode_head.decoder.conv_seg.{part}'] *= scale
    return logits_of


def scores(tools, folder, checkpoint, *options):
    """Test a checkpoint and return mIoU and ECE as they are printed."""
    printed = tools(
        'test.py', folder / 'mine.py', folder / checkpoint, '--work-dir', folder / 'test', *options
    )
    found = [re.findall(rf'{name}: (\d+\.\d+)', printed)[-1] for name in ('mIoU', 'ECE')]
    return [float(value) for value in found]


@pytest.mark.slow
def test_the_factor_is_found_and_confidence_becomes_true(trained, tools):
    """Slow: seven commands."""
    files = trained / 'mine.py', trained / 'plain.pth'
    printed = tools('calibrate.py', *files, '--out', trained / 'new.pth')
    temperature = read_checkpoint(trained / 'new.pth')['meta']['temperature']
    assert temperature == pytest.approx(FACTOR, rel=0.02)
    assert f'temperature {temperature:.4g}\n' in printed
    pixels = 4 * 119 * 128
    assert f'fitted on {pixels:,} of {pixels:,} labelled pixels' in printed
    before, after = map(float, re.findall(r'error (\S+)% -> (\S+)%', printed)[0])
    assert before > 5 and after < 1
    plain, new = (scores(tools, trained, name) for name in ('plain.pth', 'new.pth'))
    assert plain[0] == new[0] and plain[1] > 5 and new[1] < 1
    # of views, too, whose mean is less sure, so that the temperature may be too much
    views = scores(tools, trained, 'plain.pth', '--tta'), scores(tools, trained, 'new.pth', '--tta')
    assert views[0][0] == views[1][0] and views[0][1] != views[1][1]
    # once more, into the file itself
    printed = tools('calibrate.py', trained / 'mine.py', trained / 'new.pth')
    assert f'{temperature:.4g}, {temperature:.4g} before, fitted anew from 1' in printed


@pytest.mark.slow
def test_what_tells_no_temperature_is_one_line_and_nothing_is_written(trained, tools, tmp_path):
    """Slow: two commands."""
    config = Config.fromfile(trained / 'mine.py')
    masks = tmp_path / 'ann_dir' / 'val'
    masks.mkdir(parents=True)
    Path(tmp_path, 'img_dir').symlink_to(trained / 'img_dir')
    for index in range(4):
        Image.fromarray(np.full((128, 128), 255, np.uint8)).save(masks / f'{index}.png')
    config.val_dataloader.dataset.data_root = str(tmp_path)
    config.dump(tmp_path / 'unlabelled.py')
    config.val_dataloader = config.val_evaluator = config.val_cfg = None
    config.dump(tmp_path / 'none.py')
    for name, message in (
        ('unlabelled', 'error: expected labelled pixels, found none'),
        ('none', 'none.py: expected val_dataloader to calibrate on, found none'),
    ):
        options = trained / 'plain.pth', '--out', tmp_path / 'new.pth'
        printed = tools.fail('calibrate.py', tmp_path / f'{name}.py', *options)
        assert message in printed and 'Traceback' not in printed
    assert not (tmp_path / 'new.pth').exists()

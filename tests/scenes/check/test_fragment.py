"""The written config normalises the training images and weighs every loss that takes weights."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmseg.registry import DATASETS, MODELS

from ktda_mmseg.scenes.check.fragment import median_frequency_weights
from ktda_mmseg.scenes.check.report import write
from ktda_mmseg.scenes.check.running import check

from .conftest import RASTERS, ROOT, SIZE, DataSet

pytestmark = pytest.mark.filterwarnings('ignore:Dataset has no geotransform')
# of 576 pixels the first class has 116, the others 115
WEIGHTS = [0.9914, 1.0, 1.0, 1.0, 1.0]


def inherited(config: Config, tmp_path) -> Config:
    write(check(config), config, tmp_path / 'out')
    leaf = tmp_path / 'leaf.py'
    leaf.write_text("_base_ = 'out/with_statistics.py'\n")
    return Config.fromfile(leaf)


def normalised(config: Config) -> torch.Tensor:
    """Training pixels (C, N) as the model gets them."""
    dataset = DATASETS.build(config.train_dataloader.dataset)
    preprocessor = MODELS.build(config.model.data_preprocessor)
    batch = preprocessor(pseudo_collate([dataset[i] for i in range(len(dataset))]), True)
    return batch['inputs'].transpose(0, 1).flatten(1).double()


@pytest.mark.parametrize('bgr_to_rgb', [True, False])
@pytest.mark.parametrize('raster', [True, False])
def test_training_images_get_mean_0_and_std_1(tmp_path, raster, bgr_to_rgb):
    folder = DataSet(tmp_path / 'set', '.tif' if raster else '.png', 3)
    for name in 'abc':  # bands that differ
        pixels = folder.rng.normal((60, 120, 180), (5, 10, 20), (SIZE, SIZE, 3))
        folder.write_image('train', name, np.clip(pixels, 0, 255).astype(np.uint8))
    steps = [dict(type='LoadRasterFromFile', scale=[0.1, 1, 10], offset=-3.0), *RASTERS[1:]]
    steps[2] = dict(type='CheckSample')
    change = dict(pipeline=steps) if raster else {}
    config = folder.config(**change)
    for loader in (config.train_dataloader, config.val_dataloader):
        loader.dataset.pipeline.append(dict(type='PackSegInputs'))
    config.model = dict(
        data_preprocessor=dict(type='SegDataPreProcessor', bgr_to_rgb=bgr_to_rgb, size=(SIZE, SIZE))
    )
    path = folder.root / 'config.py'
    config.dump(path)
    values = normalised(inherited(Config.fromfile(path), tmp_path))
    torch.testing.assert_close(values.mean(1), torch.zeros(3).double(), rtol=0, atol=1e-4)
    std = values.std(1, correction=0)
    torch.testing.assert_close(std, torch.ones(3).double(), rtol=1e-4, atol=0)


def with_model(rgb: DataSet, base: str, **decode_head: object) -> Config:
    rgb.config()
    path = rgb.root / 'leaf.py'
    model = dict(decode_head=dict(num_classes=5, **decode_head))
    path.write_text(
        f'_base_ = [{str(ROOT / "configs" / "_base_" / "models" / base)!r}, "config.py"]\n'
        f'model = {model}\n'
    )
    return Config.fromfile(path)


def test_the_official_model_builds_with_the_weights(rgb, tmp_path, tiny_model):
    config = inherited(with_model(rgb, 'ktda.py'), tmp_path)
    head = config.model.decode_head
    assert config.class_weight == WEIGHTS
    assert head.decoder.loss_decode.class_weight == config.class_weight
    assert head.auxiliary.loss_decode.class_weight == config.class_weight
    assert head.decoder.loss_decode.type == 'CrossEntropyLoss'
    assert config.model.data_preprocessor.mean == config.mean
    # at the size of the tests
    tiny_model.decode_head.decoder.loss_decode = head.decoder.loss_decode
    tiny_model.data_preprocessor.update(mean=config.mean, std=config.std)
    model = MODELS.build(tiny_model)
    assert model.decode_head.decoder.loss_decode.class_weight == config.class_weight


def test_losses_in_lists_keep_what_they_are(rgb, tmp_path):
    losses = [
        dict(type='CrossEntropyLoss', loss_weight=0.7),
        dict(type='LovaszLoss', per_image=True, reduction='none'),
        dict(type='TverskyLoss', loss_weight=0.1),
        dict(type='HuasdorffDisstanceLoss'),
    ]
    auxiliary = [dict(type='FCNHead', in_index=i, loss_decode=losses[0]) for i in (1, 2)]
    config = with_model(rgb, 'ktda.py', decoder=dict(loss_decode=losses), auxiliary=auxiliary)
    head = inherited(config, tmp_path).model.decode_head
    weights = dict(class_weight=WEIGHTS)
    expected = [
        dict(loss, **(weights if loss['type'] in ('CrossEntropyLoss', 'LovaszLoss') else {}))
        for loss in losses
    ]
    found = [dict(loss) for loss in head.decoder.loss_decode]
    for index in (2, 3):  # whether these take weights is mmseg's business
        for loss in (found[index], expected[index]):
            loss.pop('class_weight', None)
    assert found == expected
    assert [dict(a.loss_decode) for a in head.auxiliary] == [dict(losses[0], **weights)] * 2
    assert [a.in_index for a in head.auxiliary] == [1, 2]


def test_weights_follow_the_masks(rgb, tmp_path):
    """Class e has half the pixels of the others; it is in all images."""
    labels = np.minimum(np.arange(SIZE * SIZE) % 9 // 2, 4).reshape(SIZE, SIZE)
    for name in 'abc':
        rgb.write_mask('train', name, labels)
    config = inherited(rgb.config(), tmp_path)
    assert config.class_weight == [1.0, 1.0, 1.0, 1.0, 2.0]
    assert 'model' not in config


def test_without_readable_training_images_there_is_no_config(rgb, tmp_path):
    for name in 'abc':
        rgb.image('train', name).write_bytes(b'')
    config = rgb.config()
    summary = write(check(config), config, tmp_path / 'out')
    assert not (tmp_path / 'out' / 'with_statistics.py').exists()
    assert summary.endswith('errors, 0 warnings')


def test_weights_by_hand():
    """Two images of 100 pixels; class 2 is in one of them alone, class 3 in none."""
    pixels, present = np.array([120, 60, 20, 0]), np.array([200, 200, 100, 0])
    # frequencies 0.6, 0.3, 0.2; the median is 0.3
    assert median_frequency_weights(pixels, present) == [0.5, 1.0, 1.5, 1.0]
    assert median_frequency_weights(np.zeros(2), np.zeros(2)) == [1.0, 1.0]

"""Losses that fail, and bands that do not fit, are told in one sentence at the first step."""

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmseg.registry import MODELS

from ktda_mmseg.engine.fit_hook import try_losses


def head(loss, **options):
    return MODELS.build(
        dict(
            type='FCNHead', in_channels=8, channels=8, num_convs=1, concat_input=False,
            loss_decode=loss, norm_cfg=dict(type='BN'), **dict(dict(num_classes=3), **options),
        )
    )  # fmt: skip


CROSS, SIGMOID = dict(type='CrossEntropyLoss'), dict(type='CrossEntropyLoss', use_sigmoid=True)
OHEM = dict(type='OHEMPixelSampler', thresh=0.7, min_kept=50)


@pytest.mark.parametrize(
    ('loss', 'options', 'advice'),
    [
        (dict(type='FocalLoss'), {}, 'SigmoidFocalLoss'),
        ([CROSS, dict(type='FocalLoss', loss_name='loss_f')], {}, 'SigmoidFocalLoss'),
        (dict(type='OhemCrossEntropy'), {}, 'OHEMPixelSampler'),
        (SIGMOID, dict(sampler=dict(OHEM, thresh=None)), 'wants CrossEntropyLoss of softmax'),
        (dict(CROSS, class_weight=[1.0, 2.0]), {}, 'CrossEntropyLoss'),
        (CROSS, dict(num_classes=2, out_channels=1), 'use_sigmoid=True'),
        (dict(type='TverskyLoss'), dict(num_classes=2, out_channels=1), 'it teaches nothing'),
        (SIGMOID, dict(num_classes=2, out_channels=1, sampler=OHEM), 'use_sigmoid=True'),
    ],
)
def test_a_loss_that_fails_here_is_named_with_what_to_use(loss, options, advice):
    with pytest.raises(ValueError, match=r'^model\.decode_head\.loss_decode: expected') as info:
        try_losses(head(loss, **options), 'model.decode_head')
    assert advice in str(info.value) and '\n' not in str(info.value)


@pytest.mark.parametrize(
    ('loss', 'options'),
    [
        (CROSS, {}),
        (CROSS, dict(sampler=OHEM)),
        (CROSS, dict(sampler=dict(OHEM, thresh=None))),
        ([dict(type='DiceLoss'), dict(type='SigmoidFocalLoss')], {}),
        (dict(type='SoftCrossEntropyLoss'), {}),
        (dict(type='LovaszLoss', per_image=True), {}),
        (SIGMOID, dict(num_classes=2, out_channels=1)),
        (dict(type='SigmoidFocalLoss'), dict(num_classes=2, out_channels=1)),
    ],
)
def test_losses_that_run_pass_and_change_nothing(loss, options):
    module, state = head(loss, **options), torch.get_rng_state()
    try_losses(module, 'model.decode_head')
    assert torch.equal(state, torch.get_rng_state())
    assert all(parameter.grad is None for parameter in module.parameters())


def test_losses_are_tried_in_every_decoder_before_training(run_config, tmp_path):
    config = Config.fromfile(run_config)
    config.model.decode_head.auxiliary.loss_decode = dict(type='FocalLoss')
    config.work_dir = str(tmp_path / 'work')
    with pytest.raises(ValueError, match=r'decode_head\.auxiliary\.loss_decode.*SigmoidFocalLoss'):
        Runner.from_cfg(config).train()


def four_bands(results):
    results['img'] = results['img'][..., [0, 1, 2, 0]]
    return results


@pytest.mark.parametrize('lacking', ['all', 'preprocessor alone', 'teacher alone'])
def test_other_bands_end_the_first_step_with_the_names_of_the_keys(run_config, tmp_path, lacking):
    config = Config.fromfile(run_config)
    if lacking != 'all':
        config.model.data_preprocessor.update(
            type='MultiBandSegDataPreProcessor', mean=[0.0] * 4, std=[1.0] * 4, bgr_to_rgb=False
        )
    if lacking == 'teacher alone':
        config.model.backbone.in_channels = 4
    config.work_dir = str(tmp_path / 'work')
    runner = Runner.from_cfg(config)
    dataset = runner.build_dataloader(config.train_dataloader).dataset
    dataset.pipeline.transforms.insert(1, four_bands)
    config.train_dataloader.dataset = dataset
    runner._train_dataloader = config.train_dataloader
    with pytest.raises(ValueError, match='data_preprocessor') as info:
        runner.train()
    for key in ('4 bands', 'backbone.in_channels', 'teacher.bands', 'with_statistics.py'):
        assert key in str(info.value)

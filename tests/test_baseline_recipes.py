"""Recipes of the baselines are those of their papers, and see as many images as the official."""

from importlib.util import find_spec
from itertools import pairwise

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmseg.registry import TRANSFORMS

from .test_baselines import REDUCED, build, leaves, load


@pytest.mark.parametrize('path', leaves('grass'), ids=str)
def test_recipes_see_as_many_images_and_decay_to_their_end(path):
    config = load(path)
    iterations = config.train_cfg.max_iters
    assert iterations * config.train_dataloader.batch_size == 100 * 920
    *warmup, decay = config.param_scheduler
    assert decay.end == iterations
    assert [step.end for step in warmup] in ([], [decay.begin])


@pytest.mark.parametrize('path', leaves('grass/own'), ids=str)
def test_own_augmentation_runs_and_keeps_labels_in_range(path):
    pipeline = load(path).train_dataloader.dataset.pipeline
    kinds = [step.type for step in pipeline]
    start = kinds.index('CheckSample') + 1
    image = torch.randint(256, (256, 256, 3), dtype=torch.uint8).numpy()
    results = dict(img=image, img_shape=(256, 256), ori_shape=(256, 256), seg_fields=['gt_seg_map'])
    results['gt_seg_map'] = image[..., 0] % 5
    for step in pipeline[start:-1]:
        results = TRANSFORMS.build(step)(results)
    assert results['img'].shape[:2] == results['gt_seg_map'].shape
    assert max(results['img'].shape[:2]) <= 256
    assert set(results['gt_seg_map'].flatten().tolist()) <= {0, 1, 2, 3, 4, 255}
    # FCN's paper found that augmentation did not help
    assert ('RandomResize' in kinds) == ('fcn' not in path.stem)


def rates(name, monkeypatch) -> dict[str, tuple[float, float]]:
    """Return learning rate and weight decay by parameter."""
    config = load(f'grass/own/{name}', REDUCED[name])
    model = build(config, monkeypatch)
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    found = {
        id(p): (group['lr'], group['weight_decay'])
        for group in wrapper.optimizer.param_groups
        for p in group['params']
    }
    return {name: found[id(p)] for name, p in model.named_parameters() if id(p) in found}


def test_segformers_decoder_learns_ten_times_as_fast(monkeypatch):
    found = rates('segformer_b5', monkeypatch)
    heads = {value[0] for name, value in found.items() if name.startswith('decode_head')}
    bodies = {value[0] for name, value in found.items() if name.startswith('backbone')}
    assert [*heads] == [pytest.approx(6e-4)] and [*bodies] == [pytest.approx(6e-5)]


def test_fcns_biases_learn_twice_as_fast(monkeypatch):
    found = rates('fcn_r50', monkeypatch)
    assert found['decode_head.conv_seg.weight'] == (0.01, 5e-4)
    assert found['decode_head.conv_seg.bias'] == (0.02, 5e-4)


def test_convnexts_rates_fall_by_stage(monkeypatch):
    found = rates('convnext-b_upernet', monkeypatch)
    stages = [found[f'backbone.stages.{stage}.0.pointwise_conv1.weight'] for stage in range(4)]
    for (early, _), (late, _) in pairwise(stages):
        assert early == pytest.approx(0.9 * late)
    assert found['decode_head.conv_seg.weight'] == (pytest.approx(1e-4), 0.05)


@pytest.mark.skipif(not find_spec('mmdet'), reason='MMDetection is absent')
def test_mask2formers_backbone_learns_slowly_and_norms_do_not_decay(monkeypatch):
    found = rates('mask2former_swin-b', monkeypatch)
    for name, (rate, decay) in found.items():
        assert rate == pytest.approx(1e-5 if name.startswith('backbone') else 1e-4), name
        still = ('norm', 'embed.weight', 'relative_position_bias', 'query_feat')
        if any(word in name for word in still) and 'patch_embed.projection' not in name:
            assert decay == 0 or 'cls_embed' in name, name

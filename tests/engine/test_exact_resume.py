"""Order and augmentation of samples depend on seed and position alone."""

import pickle
import random
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.config import Config
from mmengine.runner import Runner
from mmseg.registry import MODELS

from ktda_mmseg.engine import ResumableSampler, SeedSample


def draw(count, size=7, skip=0, **options):
    sampler = ResumableSampler(range(size), **{'seed': 3, **options})
    sampler.skip(skip)
    return [(int(index), index.seed) for index in islice(sampler, count)]


@settings(max_examples=30)
@given(st.integers(1, 20), st.integers(0, 60), st.booleans())
def test_a_skip_continues_the_same_stream(size, skip, shuffle):
    whole = draw(skip + 10, size, shuffle=shuffle)
    assert draw(10, size, skip, shuffle=shuffle) == whole[skip:]


def test_each_pass_is_another_permutation_with_other_seeds():
    drawn = draw(21)
    passes = [drawn[i : i + 7] for i in (0, 7, 14)]
    orders = [[index for index, _ in one] for one in passes]
    assert all(sorted(order) == list(range(7)) for order in orders)
    assert orders[0] != orders[1] != orders[2]
    assert len({seed for _, seed in drawn}) == 21
    assert draw(21, seed=4) != drawn


def test_without_shuffle_the_order_is_kept():
    assert [index for index, _ in draw(9, shuffle=False)] == [0, 1, 2, 3, 4, 5, 6, 0, 1]


def test_ranks_share_one_stream(monkeypatch):
    streams = []
    for rank in range(2):
        monkeypatch.setattr('ktda_mmseg.engine.exact_resume.get_dist_info', lambda r=rank: (r, 2))
        streams.append(draw(7))
    monkeypatch.undo()
    interleaved = [sample for pair in zip(*streams) for sample in pair]
    assert interleaved == draw(14)


def test_the_seed_survives_the_way_to_a_worker():
    index = next(iter(ResumableSampler(range(5), seed=1)))
    copy = pickle.loads(pickle.dumps(index))
    assert (copy, copy.seed) == (index, index.seed)


def test_seed_sample_fixes_all_three_generators():
    def numbers(index):
        SeedSample().transform(dict(sample_idx=index))
        return random.random(), np.random.rand(), torch.rand(1).item()

    first, second = islice(ResumableSampler(range(5), seed=1), 2)
    assert numbers(first) == numbers(first) != numbers(second)
    with pytest.raises(AssertionError):
        assert numbers(3) == numbers(3)


@pytest.mark.parametrize('stop', [1, 2, 3], ids=['teacher', 'both', 'labels'])
def test_what_transfer_alone_trains_resumes_to_the_bit(run_config, tmp_path, stop):
    """What is in no state dict (alignment, projections, a fitted rotation), on mixed images."""
    config = Config.fromfile(run_config)
    teacher = MODELS.build(config.model.teacher)
    weights = tmp_path / 'teacher.pth'
    torch.save(teacher.state_dict(), weights)
    config.model.teacher.update(
        init_cfg=dict(type='Pretrained', checkpoint=str(weights)),
        alignment=dict(in_channels=[16, 24, 32, 48], out_channels=32),
    )
    config.model.standardise_teacher = 'equal_variance'
    config.model.transfer_losses = [dict(type='FeatureQueryLoss', channels=32)]
    config.custom_hooks += [dict(type='TransferStageHook', share=0.5, end=0.75, mixup=True)]
    config.optim_wrapper.optimizer = dict(type='AdamW', lr=1e-3)
    config.default_hooks.checkpoint = dict(
        type='AtomicCheckpointHook', by_epoch=False, interval=1, save_best=None
    )
    config.train_cfg.max_iters = 4

    def train(name, **changes):
        run = Config({**config.to_dict(), 'work_dir': str(tmp_path / name), **changes})
        run.experiment_name = name
        runner = Runner.from_cfg(run)
        runner.train()
        return runner.model

    whole = train('whole')
    resumed = train('resumed', resume=True, load_from=str(tmp_path / f'whole/iter_{stop}.pth'))
    assert 'losses.0.query.weight' in whole.transfer.state_dict()
    for part in (whole, whole.transfer):
        other = resumed if part is whole else resumed.transfer
        for key, value in part.state_dict().items():
            torch.testing.assert_close(other.state_dict()[key], value, rtol=0, atol=0, msg=key)

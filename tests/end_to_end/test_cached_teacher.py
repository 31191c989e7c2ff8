"""The teacher's maps are computed by one command and read by the next, workers included."""

import re

import pytest


def training_on(quickstart, path, *steps):
    """Write a config that trains on crops, with these steps after flip and crop."""
    path.write_text(
        f'_base_ = {str(quickstart)!r}\n'
        '*geometry, _, _ = _base_.crop_pipeline\n'
        f'train_dataloader = dict(dataset=dict(pipeline=[*geometry, *{steps!r}]))\n'
    )
    return path


def losses(printed: str) -> list[float]:
    return [float(value) for value in re.findall(r'transfer\.loss_l2: ([\d.]+)', printed)]


@pytest.mark.slow
def test_training_reads_what_was_computed(tools, quickstart, options, tmp_path):
    """Slow: four commands, and workers that load everything again."""
    cache = dict(type='LoadTeacherMaps', cache=str(tmp_path / 'cache'))
    cached = training_on(quickstart, tmp_path / 'cached.py', cache, dict(type='PackTransferInputs'))
    # the teacher sees what the student sees, so no step changes colours
    plain = training_on(quickstart, tmp_path / 'plain.py', dict(type='PackSegInputs'))
    with_options = [*options, 'train_cfg.max_iters=3', 'train_dataloader.num_workers=2']
    assert 'expected a finished teacher cache' in tools.fail(
        'train.py', cached, '--work-dir', tmp_path / 'early', *with_options
    )
    # 8 images, each as it is and flipped
    assert '16 views' in tools('cache_teacher.py', cached, *options)
    one, other = (
        losses(tools('train.py', config, '--work-dir', tmp_path / 'run', *with_options))
        for config in (cached, plain)
    )
    assert len(one) == 3
    assert one == pytest.approx(other, rel=2e-3)

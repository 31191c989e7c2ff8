"""The teacher's maps are computed by one command and read by the next, workers included."""

import re

import pytest


@pytest.fixture
def cached(quickstart, tmp_path):
    """Config that reads maps from disk, and shows the teacher what the student sees."""
    config = tmp_path / 'cached.py'
    config.write_text(
        f'_base_ = {str(quickstart)!r}\n'
        '*geometry, _, _ = _base_.crop_pipeline\n'
        f"cache = dict(type='LoadTeacherMaps', cache={str(tmp_path / 'cache')!r})\n"
        "pipeline = [*geometry, cache, dict(type='PackTransferInputs')]\n"
        'train_dataloader = dict(dataset=dict(pipeline=pipeline))\n'
    )
    return config


@pytest.fixture
def plain(quickstart, tmp_path):
    """The same without a cache."""
    config = tmp_path / 'plain.py'
    config.write_text(
        f'_base_ = {str(quickstart)!r}\n'
        '*geometry, _, pack = _base_.crop_pipeline\n'
        'train_dataloader = dict(dataset=dict(pipeline=[*geometry, pack]))\n'
    )
    return config


def losses(printed: str) -> list[float]:
    return [float(value) for value in re.findall(r'transfer\.loss_l2: ([\d.]+)', printed)]


@pytest.mark.slow
def test_training_reads_what_was_computed(tools, cached, plain, options, tmp_path):
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

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


@pytest.mark.slow
def test_images_without_labels_are_in_the_cache_and_teach(tools, quickstart, options, tmp_path):
    """Slow: two commands, and workers that load everything again."""
    cache = dict(type='LoadTeacherMaps', cache=str(tmp_path / 'cache'))
    config = training_on(
        quickstart, tmp_path / 'unlabelled.py', cache, dict(type='PackTransferInputs')
    )
    with config.open('a') as lines:
        lines.write("train_dataloader['dataset']['unlabelled'] = ['img_dir/val', 'img_dir/test']\n")
    # 8 images with labels and 8 without, each as it is and flipped
    assert '32 views' in tools('cache_teacher.py', config, *options)
    printed = tools(
        'train.py', config, '--work-dir', tmp_path / 'run', *options, 'train_cfg.max_iters=6'
    )  # batches of two: 6 are more than those with labels can be
    assert len(losses(printed)) == 6
    assert all(loss > 0 for loss in losses(printed))

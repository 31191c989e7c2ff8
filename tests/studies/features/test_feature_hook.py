"""Similarity is logged while a student trains, which goes on as it would without."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from PIL import Image

from ktda_mmseg.studies.features import FeatureHook
from ktda_mmseg.studies.logs import read_scalars

MEASURES = ('backbone.cka', 'aligned.cka', 'aligned.cosine', 'aligned.l2')


def train(run_config, work_dir, *hooks, **model):
    config = Config.fromfile(run_config)
    config.merge_from_dict(dict(work_dir=str(work_dir), model=model))
    config.custom_hooks = [*config.custom_hooks, *hooks]
    config.train_cfg.val_interval = 9
    # mmengine keeps visualizers by their name, with the folder of the first run
    config.visualizer.name = str(work_dir)
    runner = Runner.from_cfg(config)
    runner.train()
    return runner.model.state_dict()


def test_a_run_is_looked_at_and_not_changed(run_config, tmp_path):
    looked = train(run_config, tmp_path / 'a', dict(type='FeatureHook', interval=1, shown=1))
    plain = train(run_config, tmp_path / 'b')
    assert all(torch.equal(value, plain[key]) for key, value in looked.items())
    curves = read_scalars(tmp_path / 'a')
    for measure in MEASURES:
        for level in range(4):
            assert list(curves[f'similarity/{measure}.{level}']) == [0, 1, 2]
    values = curves['similarity/aligned.l2.3'].values()
    assert len(set(values)) == 3
    pictures = sorted(path.name for path in (tmp_path / 'a').rglob('features_*.png'))
    assert pictures == [f'features_a_{step}.png' for step in range(3)]
    drawn = [
        np.asarray(Image.open(path)) for path in sorted((tmp_path / 'a').rglob('features_*.png'))
    ]
    assert drawn[0].shape == drawn[2].shape and (drawn[0] != drawn[2]).any()


def test_a_student_alone_is_compared_with_a_teacher_of_the_hook(run_config, tmp_path):
    teacher = Config.fromfile(run_config).model.teacher
    hook = dict(type='FeatureHook', interval=5, shown=0, teacher=teacher)
    alone = dict(teacher=None, transfer_losses=None)
    train(run_config, tmp_path / 'a', hook, **alone)
    assert list(read_scalars(tmp_path / 'a')['similarity/aligned.cka.0']) == [0, 2]
    with pytest.raises(ValueError, match=r'expected a teacher, .* got teacher=False, val=True'):
        train(run_config, tmp_path / 'b', dict(type='FeatureHook'), **alone)


@pytest.mark.parametrize('options', [dict(interval=0), dict(images=0)])
def test_looking_never_is_refused(options):
    with pytest.raises(ValueError, match='of at least 1, got'):
        FeatureHook(**options)

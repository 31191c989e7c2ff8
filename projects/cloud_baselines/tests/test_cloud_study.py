"""The cloud study names every cloud config, in the layout of the published data."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from ktda_mmseg.studies.definition import Study

ROOT = Path(__file__).resolve().parents[3]
CLOUD = ROOT / 'configs' / 'baselines' / 'cloud'
LEAVES = sorted(path for path in CLOUD.rglob('*.py') if '_base_' not in path.parts)


def test_the_study_has_ktda_and_every_network_in_both_recipes():
    study = Study.load(ROOT / 'studies' / 'cloud.yaml')
    named = {(ROOT / row.config).resolve() for row in study.rows.values()}
    assert named == {ROOT / 'configs' / 'ktda' / 'cloud.py', *LEAVES}
    assert len(study.seeds) >= 5
    assert {path.name for path in (CLOUD / 'own').iterdir()} == {
        path.name for path in (CLOUD / 'official').iterdir()
    }


@pytest.mark.parametrize('path', LEAVES, ids=lambda path: f'{path.parent.name}-{path.stem}')
def test_a_recipe_fits_its_data_and_ends_with_its_schedule(path, build):
    config = Config.fromfile(path)
    assert config.train_dataloader.dataset.data_root == 'data/l8_biome'
    steps = {step['type']: step for step in config.train_dataloader.dataset.pipeline}
    assert steps['RandomCrop']['crop_size'] == config.model.data_preprocessor.size
    for scheduler in config.get('param_scheduler', []):
        assert scheduler.get('end') in (None, config.train_cfg.max_iters)
    assert config.default_hooks.checkpoint.interval == config.train_cfg.val_interval
    with torch.device('meta'):
        assert build(path.stem, path.parent.name).num_classes == 4

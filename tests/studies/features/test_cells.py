"""Finished cells of a study are compared once with a teacher, whatever taught them."""

import json

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from ktda_mmseg.studies import Study
from ktda_mmseg.studies.cells import CONFIG, cells_of
from ktda_mmseg.studies.features.gap import compare_cells, read_similarity

STUDY = """
title: Test
seeds: [0, 1]
# its validation split is its test split
options: {{default_hooks.checkpoint.save_best: null}}
datasets: {{fields: {{}}}}
rows:
  alone:
    title: Student alone
    config: {config}
    options: {{model.teacher: null, model.transfer_losses: null}}
"""


@pytest.fixture
def study(run_config, tmp_path, monkeypatch):
    """A study of two cells, of which one is finished."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'small.yaml').write_text(STUDY.format(config=run_config))
    study = Study.load(tmp_path / 'small.yaml')
    cell = cells_of(study)[0]
    cell.begin()
    config = cell.config
    config.train_cfg.val_interval = 9
    Runner.from_cfg(config).train()
    cell.config.dump(cell.folder / CONFIG)
    cell.result.parent.mkdir(parents=True)
    result = dict(digest=cell.setting.digest, checkpoint=dict(iteration=2))
    cell.result.write_text(json.dumps(result))
    return study


def test_a_finished_cell_is_compared_once(study, run_config):
    compare_cells(study, 'fields', ['alone'], run_config, 2)
    kept = read_similarity(study, 'fields')
    [found] = kept['alone'].values()
    assert found['images'] == 2 and len(found['similarity']['backbone.cka']) == 4
    assert found['digest'] == cells_of(study)[0].setting.digest
    compare_cells(study, 'fields', ['alone'], run_config, 1)
    assert read_similarity(study, 'fields')['alone']['0']['images'] == 1
    compare_cells(study, 'fields', ['alone'], run_config, 2)
    assert (
        read_similarity(study, 'fields')['alone']['0']['similarity'].keys()
        == found['similarity'].keys()
    )
    kept = read_similarity(study, 'fields')
    # what is kept stays where the checkpoint is gone
    for checkpoint in cells_of(study)[0].folder.glob('*.pth'):
        checkpoint.unlink()
    compare_cells(study, 'fields', ['alone'], run_config, 2)
    assert read_similarity(study, 'fields') == kept
    with pytest.raises(FileNotFoundError, match=r'seed_0: expected the checkpoint \*iter_2\.pth'):
        compare_cells(study, 'fields', ['alone'], run_config, 1)
    assert read_similarity(study, 'fields') == kept


def test_a_teacher_must_be_there(study, run_config, tmp_path):
    config = Config.fromfile(run_config)
    config.model.teacher = None
    config.dump(tmp_path / 'none.py')
    with pytest.raises(ValueError, match=r'none\.py: expected a model\.teacher'):
        compare_cells(study, 'fields', ['alone'], tmp_path / 'none.py', 2)
    assert read_similarity(study, 'fields') == {}

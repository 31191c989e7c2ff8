"""The way from a student alone to its teacher, by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import Runner
from PIL import Image
from scipy import stats

from ktda_mmseg.studies import Study
from ktda_mmseg.studies.cells import CONFIG, RESULTS, cells_of
from ktda_mmseg.studies.features.gap import (
    compare_cells,
    measure_gap,
    read_similarity,
    rows_trained_again,
    table,
    write_gap,
)
from ktda_mmseg.studies.figures import draw_gap
from ktda_mmseg.studies.summary import summarise

ROOT = Path(__file__).resolve().parents[3]
WAYS = sorted((ROOT / 'docs' / 'results').glob('*/*/way.md'))
STUDY = """
title: Test
seeds: [0, 1, 2]
datasets: {fields: {}}
rows:
  alone: {title: Student alone, config: c.py}
  ktda: {title: Full KTDA, config: c.py}
  top: {title: Frozen teacher, config: c.py}
"""
# by row and seed: CKA of two levels, mIoU
REACHED = {
    'alone': [(0.1, 0.2, 50.0), (0.2, 0.3, 52.0), (0.1, 0.1, 51.0)],
    'ktda': [(0.5, 0.3, 54.0), (0.5, 0.4, 55.0), (0.6, 0.2, 53.0)],
    'top': [(1.0, 1.0, 60.0), (1.0, 1.0, 61.0), (1.0, 1.0, 60.0)],
}


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'c.py').touch()
    (tmp_path / 'small.yaml').write_text(STUDY)
    keep(REACHED)
    return Study.load(tmp_path / 'small.yaml')


def keep(reached, compared='same'):
    folder = RESULTS / 'small' / 'fields'
    kept = {}
    for row, seeds in reached.items():
        (folder / row).mkdir(parents=True, exist_ok=True)
        for seed, (*cka, miou) in enumerate(seeds):
            result = dict(digest='same', test=dict(mIoU=miou))
            (folder / row / f'seed_{seed}.json').write_text(json.dumps(result))
            found = {'backbone.cka': cka, 'aligned.cka': [9, 9]}
            kept.setdefault(row, {})[str(seed)] = dict(digest=compared, similarity=found)
    (folder / 'similarity.json').write_text(json.dumps(kept))
    return folder


def test_the_way_is_the_share_of_the_distance_seed_by_seed(study):
    gap = measure_gap(study, 'fields', list(REACHED))
    closed = gap.closed[1]
    values = {row: np.array(seeds) for row, seeds in REACHED.items()}
    distance = values['top'] - values['alone']
    shares = 100 * (values['ktda'] - values['alone']) / distance
    assert [x.mean for x in closed] == pytest.approx(shares.mean(0))
    low, high = stats.t.interval(0.95, 2, shares.mean(0), stats.sem(shares))
    assert [x.low for x in closed] == pytest.approx(low)
    assert [x.high for x in closed] == pytest.approx(high)
    assert [x.mean for x in gap.reached[1]] == pytest.approx(values['ktda'].mean(0))
    assert [[x.mean for x in ends] for ends in gap.closed[::2]] == [[0] * 3, [100] * 3]


def test_seeds_that_an_end_lacks_do_not_count(study):
    keep(dict(REACHED, top=REACHED['top'][:1]))
    for seed in (1, 2):
        (RESULTS / 'small' / 'fields' / 'top' / f'seed_{seed}.json').unlink()
    gap = measure_gap(study, 'fields', list(REACHED))
    assert gap.closed[1][2].values == pytest.approx([40])
    assert len(gap.reached[1][2].values) == 3
    draw_gap(*gap)


def test_what_was_compared_with_another_config_does_not_count(study):
    keep(REACHED, compared='another')
    with pytest.raises(ValueError, match='rows: alone: expected results on fields .* found none'):
        measure_gap(study, 'fields', list(REACHED))
    with pytest.raises(ValueError, match='rows: nobody: expected results'):
        keep(REACHED)
        measure_gap(study, 'fields', ['alone', 'nobody', 'top'])


def test_rows_that_were_trained_again_are_named(study):
    summaries = summarise(study, RESULTS / 'small')['fields']
    assert rows_trained_again(study, 'fields', summaries) == []
    kept = read_similarity(study, 'fields')
    kept['ktda']['1']['digest'] = 'before'
    (RESULTS / 'small' / 'fields' / 'similarity.json').write_text(json.dumps(kept))
    assert rows_trained_again(study, 'fields', summaries) == ['ktda']


def test_figure_and_table_hold_the_numbers(study):
    folder = write_gap(study, 'fields', list(REACHED))
    assert Image.open(folder / 'way.png').size[0] > 800
    lines = (folder / 'way.md').read_text().splitlines()
    assert lines[0] == '| row | CKA, level 0 | CKA, level 1 | mIoU, % |'
    assert lines[3] == (
        '| Full KTDA | 0.533 ± 0.058 (46 %) | 0.300 ± 0.100 (13 %) | 54.00 ± 1.00 (32 %) |'
    )
    gap = measure_gap(study, 'fields', list(REACHED))
    bars = draw_gap(*gap).axes[1].patches
    assert [bar.get_height() for bar in bars] == pytest.approx([x.mean for x in gap.closed[1]])
    assert table(gap) == (folder / 'way.md').read_text()


@pytest.mark.parametrize('path', WAYS, ids=lambda path: path.parent.name)
def test_a_committed_way_is_what_its_results_make(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    written = path.read_text()
    study = Study.load(Path('studies', f'{path.parts[-3]}.yaml'))
    names = {row.title: name for name, row in study.rows.items()}
    titles = [line.split(' | ')[0].removeprefix('| ') for line in written.splitlines()[2:]]
    assert written == table(
        measure_gap(study, path.parent.name, [names[title] for title in titles])
    )


TRAINED = """
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
def trained(run_config, tmp_path, monkeypatch):
    """A study of two cells, of which one is finished."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'small.yaml').write_text(TRAINED.format(config=run_config))
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


def test_a_finished_cell_is_compared_once(trained, run_config):
    compare_cells(trained, 'fields', ['alone'], run_config, 2)
    kept = read_similarity(trained, 'fields')
    [found] = kept['alone'].values()
    assert found['images'] == 2 and len(found['similarity']['backbone.cka']) == 4
    assert found['digest'] == cells_of(trained)[0].setting.digest
    compare_cells(trained, 'fields', ['alone'], run_config, 1)
    assert read_similarity(trained, 'fields')['alone']['0']['images'] == 1
    compare_cells(trained, 'fields', ['alone'], run_config, 2)
    assert (
        read_similarity(trained, 'fields')['alone']['0']['similarity'].keys()
        == found['similarity'].keys()
    )
    kept = read_similarity(trained, 'fields')
    # what is kept stays where the checkpoint is gone
    for checkpoint in cells_of(trained)[0].folder.glob('*.pth'):
        checkpoint.unlink()
    compare_cells(trained, 'fields', ['alone'], run_config, 2)
    assert read_similarity(trained, 'fields') == kept
    with pytest.raises(FileNotFoundError, match=r'seed_0: expected the checkpoint \*iter_2\.pth'):
        compare_cells(trained, 'fields', ['alone'], run_config, 1)
    assert read_similarity(trained, 'fields') == kept


def test_a_teacher_must_be_there(trained, run_config, tmp_path):
    config = Config.fromfile(run_config)
    config.model.teacher = None
    config.dump(tmp_path / 'none.py')
    with pytest.raises(ValueError, match=r'none\.py: expected a model\.teacher'):
        compare_cells(trained, 'fields', ['alone'], tmp_path / 'none.py', 2)
    assert read_similarity(trained, 'fields') == {}

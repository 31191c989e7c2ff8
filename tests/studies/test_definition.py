from pathlib import Path

import pytest

from ktda_mmseg.studies.cells import CHANGED, DONE, MISSING, Cell, cells_of


def test_a_study_file_is_read(load, content):
    content['rows']['full']['options'] = {'model.type': 'N'}
    study = load(about='Why. ', options={'train_cfg.max_iters': 9})
    assert (study.name, study.about, study.seeds, study.checkpoint) == (
        'try',
        'Why.',
        (0, 1, 2),
        'last',
    )
    assert study.rows['alone'].compare is None
    assert study.rows['full'].compare == 'alone'
    assert study.datasets == {'town': {}}


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(seeds=[]), 'expected the key seeds, found none'),
        (dict(seeds=[0, 0]), 'seeds: expected different whole numbers'),
        (dict(seeds=['one']), 'seeds: expected different whole numbers'),
        (dict(seeds=[True]), 'seeds: expected different whole numbers'),
        (dict(checkpoint='newest'), 'checkpoint: expected last or best, got newest'),
        (dict(compare='none'), 'compare: expected one of alone, full, got none'),
        (dict(epochs=3), 'got epochs'),
        (dict(datasets={'a/b': {}}), 'expected names of letters'),
        (dict(rows=[1]), r'rows: expected names with values, got \[1\]'),
        (dict(rows={'a': {'title': 'A'}}), 'rows: a: expected the key config, found none'),
        (dict(compare=None, rows={'a': dict(title='A', config='b.py')}), 'found none at b.py'),
    ],
)
def test_what_is_wrong_in_a_study_file_is_named(load, changes, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        load(**changes)


def test_options_of_the_row_come_last(load, content):
    content['rows']['full']['options'] = {'train_cfg.max_iters': 7}
    study = load(
        options={'train_cfg.max_iters': 5, 'model.a': 1, 'param_scheduler.0.end': 5},
        datasets={'town': {'train_cfg.max_iters': 6, 'model.a': 2}},
    )
    alone, full = cells_of(study, seeds=[1])
    assert (alone.steps, full.steps) == (6, 7)
    assert full.config.model == dict(type='M', a=2)
    assert full.config.param_scheduler[0].end == 5
    assert (full.config.randomness.seed, full.config.work_dir) == (1, str(full.folder))


def test_options_that_fit_nothing_are_named(load):
    [cell, *_] = cells_of(load(options={'param_scheduler.3.end': 1}))
    with pytest.raises(ValueError, match=r'try.yaml: expected options that fit config.py'):
        _ = cell.config


def test_a_row_that_trains_by_epochs_is_refused(load):
    [cell, *_] = cells_of(load())
    Path('config.py').write_text("train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=3)\n")
    with pytest.raises(ValueError, match=r'config\.py: expected train_cfg\.max_iters'):
        _ = cell.config


def test_parts_of_a_study_are_chosen(load):
    study = load()
    labels = [cell.label for cell in cells_of(study)]
    assert labels[:2] == ['town/alone/seed_0', 'town/full/seed_0'] and len(labels) == 6
    assert [c.label for c in cells_of(study, ['town'], ['full'], [2])] == ['town/full/seed_2']
    with pytest.raises(ValueError, match='rows: expected some of alone, full, got half'):
        cells_of(study, rows=['half'])


@pytest.mark.parametrize(
    ('changes', 'same'),
    [
        ({'model.type': 'N'}, False),
        ({'train_dataloader.batch_size': 3}, False),
        ({'train_dataloader.dataset.data_root': 'b'}, False),
        ({'train_dataloader.num_workers': 0}, True),
        ({'log_level': 'ERROR', 'crop': 5, 'randomness.seed': 4}, True),
        ({'randomness.deterministic': True}, False),
    ],
)
def test_what_is_learned_identifies_a_cell(load, changes, same):
    before, after = (cells_of(load(options=o))[0].setting.digest for o in ({}, changes))
    assert (before == after) is same


def test_the_rule_for_the_checkpoint_identifies_a_cell(load):
    before, after = (cells_of(load(checkpoint=c))[0].setting.digest for c in ('last', 'best'))
    assert before != after


def test_a_cell_knows_how_far_it_is(load, write_result):
    cell = cells_of(load())[0]
    assert cell.state == MISSING and cell.steps_done == 0
    cell.begin()
    assert cell.state == MISSING
    log = cell.folder / '20260101_000000' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    # a kill may cut the last line
    log.write_text('{"loss": 1.0, "step": 2}\n{"loss": 0.9, "st')
    assert cell.steps_done == 2
    write_result('alone', 0, 50, cell.setting.digest)
    assert cell.state == DONE and cell.steps_done == cell.steps
    assert Cell(cells_of(load(options={'model.b': 1}))[0].setting, 0).state == CHANGED

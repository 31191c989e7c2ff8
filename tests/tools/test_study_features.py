"""The way from a student alone to its teacher, from the command line."""

import json

import pytest

TOOL = 'analysis_tools/study_features.py'
STUDY = """
title: Test
seeds: [0]
datasets: {fields: {}}
rows: {alone: {title: Alone, config: c.py}, top: {title: Top, config: c.py}}
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study whose rows have results and were compared with a teacher."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'c.py').touch()
    (tmp_path / 'small.yaml').write_text(STUDY)
    folder = tmp_path / 'docs' / 'results' / 'small' / 'fields'
    kept = {}
    for row, reached in dict(alone=0.25, top=1.0).items():
        (folder / row).mkdir(parents=True)
        result = dict(digest='same', test=dict(mIoU=60 * reached))
        (folder / row / 'seed_0.json').write_text(json.dumps(result))
        kept[row] = {'0': dict(digest='same', similarity={'backbone.cka': [reached]})}
    (folder / 'similarity.json').write_text(json.dumps(kept))
    return folder


def test_what_was_compared_before_is_drawn(run_tool, study):
    printed = run_tool(TOOL, 'small.yaml', '--rows', 'alone', 'top')
    assert printed.strip() == 'written to docs/results/small/fields'
    assert (study / 'way.png').is_file()
    lines = (study / 'way.md').read_text().splitlines()
    assert lines[2:] == [
        '| Alone | 0.250 (0 %) | 15.00 (0 %) |',
        '| Top | 1.000 (100 %) | 60.00 (100 %) |',
    ]


def test_an_unknown_row_is_named(run_tool, study):
    with pytest.raises(SystemExit, match=r'small\.yaml: rows: nobody: expected results on fields'):
        run_tool(TOOL, 'small.yaml', '--rows', 'alone', 'nobody')
    assert not (study / 'way.png').exists()

"""Tables are made from results alone; those in the repository are what their results make."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from ktda_mmseg.studies import Study
from ktda_mmseg.studies.commands import write_tables
from ktda_mmseg.studies.page import middle_images
from ktda_mmseg.studies.summary import summarise
from ktda_mmseg.studies.tables import as_csv, markdown

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path('docs', 'results', 'try')
STUDIES = [
    ROOT / 'docs' / 'results' / study.stem
    for study in sorted((ROOT / 'studies').glob('*.yaml'))
    if (ROOT / 'docs' / 'results' / study.stem).is_dir()
]


def miou(right):
    """IoU by hand of the matrix in conftest; the third class is never predicted."""
    return 100 * np.mean([right / (100 + 10 + 5), 90 / (100 + (100 - right) + 5), 0])


@pytest.fixture
def study(load, write_result) -> Study:
    """A study with results of three seeds of one row and two of the other."""
    for seed, right in enumerate((50, 60, 70)):
        write_result('alone', seed, right)
        if seed < 2:
            write_result('full', seed, right + 8 + 2 * seed)
    return load()


@pytest.fixture
def records(study) -> list[dict]:
    """The lines of its CSV."""
    return list(csv.DictReader(as_csv(summarise(study, RESULTS)).splitlines()))


def test_means_and_intervals_are_those_of_scipy(records):
    alone, _ = records
    values = [miou(right) for right in (50, 60, 70)]
    assert float(alone['mIoU.mean']) == pytest.approx(np.mean(values), abs=1e-4)
    assert float(alone['mIoU.std']) == pytest.approx(np.std(values, ddof=1), abs=1e-4)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (float(alone['mIoU.low']), float(alone['mIoU.high'])) == pytest.approx(
        (low, high), abs=1e-4
    )
    shares = [100 * (right + 90) / 210 for right in (50, 60, 70)]
    assert float(alone['OA.mean']) == pytest.approx(np.mean(shares), abs=1e-4)
    assert float(alone['IoU.road.mean']) == 0 == float(alone['F1.road.mean'])


def test_rows_are_paired_over_the_seeds_that_both_have(records):
    alone, full = records
    differences = [miou(58) - miou(50), miou(70) - miou(60)]
    low, high = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert full['compare'] == 'alone' and not alone['compare']
    found = [float(full[f'difference.{part}']) for part in ('mean', 'low', 'high')]
    assert found == pytest.approx([np.mean(differences), low, high], abs=1e-4)


def test_missing_seeds_are_shown(study):
    text = markdown(study, summarise(study, RESULTS))
    assert '| Alone | 3 of 3 |' in text and '| Full | 2 of 3 |' in text
    assert '| Full | Alone | 2 of 3 | +' in text
    assert '| 1.50 M | 0.002 G | 2.0 ms | 1.5 min |' in text and 'image of 32×64 pixels' in text
    none = markdown(study, summarise(study, Path('nowhere')))
    assert '| Alone | 0 of 3 | - |' in none and 'Nothing was run yet.' in none


def test_the_page_asks_for_no_other_file(study):
    text = (write_tables(study) / 'index.html').read_text()
    assert text.count('<img ') == 4  # bars, costs, and a confusion matrix a row
    sources = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?(\S{0,30})', text)
    assert len(sources) == 4 and all(s.startswith('data:image/png;base64,') for s in sources)
    assert '<script' not in text and '@import' not in text


def test_a_way_of_older_results_is_named(study, capsys):
    write_tables(study)
    assert 'older' not in capsys.readouterr().err
    kept = {row: {'0': dict(digest='another')} for row in study.rows}
    (RESULTS / 'town' / 'similarity.json').write_text(json.dumps(kept))
    write_tables(study)
    said = capsys.readouterr().err
    assert 'way.md is of older results of alone, full; study_features.py --teacher' in said


def test_names_are_text_on_the_page(load, write_result, content):
    content['rows']['alone']['title'] = '<b>A & B</b>'
    write_result('alone', 0, 50)
    text = (write_tables(load(title='<i>')) / 'index.html').read_text()
    assert '&lt;b&gt;A &amp; B&lt;/b&gt;' in text and '<b>' not in text and '<i>' not in text


def test_seeds_of_different_configs_are_not_mixed(study, write_result):
    write_result('alone', 1, 50, digest='another')
    with pytest.raises(ValueError, match=r'seed_1.json: expected a result of the same config'):
        summarise(study, RESULTS)


def test_the_images_in_the_middle_are_shown(load, write_result):
    study = load()
    write_result('alone', 0, 50)
    write_result('full', 1, 90)
    rows = list(summarise(study, RESULTS)['town'].values())
    assert middle_images(rows) == [2, 1, 3, 0, 4]


@pytest.mark.parametrize('folder', STUDIES, ids=lambda folder: folder.name)
def test_committed_tables_are_what_their_results_make(folder, monkeypatch):
    monkeypatch.chdir(ROOT)
    study = Study.load(Path('studies', f'{folder.name}.yaml'))
    summaries = summarise(study, folder)
    assert (folder / 'README.md').read_text() == markdown(study, summaries)

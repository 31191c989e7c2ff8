"""The page of a study says first which row is best, and holds all tables."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from scipy import stats

from ktda_mmseg.studies.page import labelled, page
from ktda_mmseg.studies.summary import summarise
from ktda_mmseg.studies.tables import answer, tables_of

from ..html_page import Page

RESULTS = Path('docs', 'results', 'try')


@pytest.fixture
def summaries(load, write_result, content):
    """Two rows of three seeds, of which the second is better, by no mark-up in its title."""
    content['rows']['full']['title'] = '<b>Full'
    for seed, right in enumerate((50, 60, 70)):
        write_result('alone', seed, right)
        write_result('full', seed, right + 8 + 2 * seed)
    study = load()
    return study, summarise(study, RESULTS)


def test_the_answer_comes_first_and_tables_are_folded(summaries):
    study, rows = summaries
    text = page(study, rows, RESULTS)
    assert '<b>' not in text
    found = Page(text)
    assert found.facts['best row'] == '<b>Full'
    alone, full = (row.score('mIoU').values for row in rows['town'].values())
    assert found.facts['mIoU'] == f'{np.mean(full):.2f} %'
    paired = np.subtract(full, alone)
    assert found.facts['over Alone'] == f'{paired.mean():+.2f} points'
    low, high = stats.ttest_1samp(paired, 0).confidence_interval(0.95)
    assert f'95 % interval {low:+.2f} to {high:+.2f}' in text
    assert found.folded == ['Tables', 'Confusion matrices, all seeds together']
    assert {t.title: [[*t.header], *map(list, t.rows)] for t in tables_of(rows['town'])} == (
        found.tables
    )
    assert text.index('class="facts"') < text.index('<img') < text.index('<table')


def test_the_best_row_may_be_that_which_others_are_compared_with(load, write_result):
    write_result('alone', 0, 90)
    write_result('full', 0, 50)
    facts = answer(summarise(load(), RESULTS)['town'])
    (_, best, _), (_, _, note) = facts
    assert best == 'Alone' and note == 'of one seed, without an interval'


def test_nothing_run_is_said(load):
    study = load()
    found = Page(page(study, summarise(study, RESULTS), RESULTS))
    assert found.facts == {'best row': '-'} and not found.pictures


class _Images:
    """A test set of 2x2 images, by path, with a label each."""

    def __init__(self, **labels):
        self.paths = [f'img_dir/test/{name.replace("_", "/")}.png' for name in labels]
        self.labels = list(labels.values())

    def __len__(self):
        return len(self.paths)

    def get_data_info(self, index):
        return dict(img_path=self.paths[index])

    def __getitem__(self, index):
        sample = SegDataSample(metainfo=self.get_data_info(index))
        sample.gt_sem_seg = PixelData(data=torch.full((1, 2, 2), self.labels[index]))
        return dict(data_samples=sample)


def test_images_whose_labels_may_be_of_another_are_not_shown_and_bare_ones_come_last():
    images = _Images(east_a=0, b=255, west_a=0, c=1)
    shown = [Path(sample.img_path).stem for sample in labelled(images, [1, 0, 2, 3])]
    assert shown == ['c', 'b']

"""References of the user's own codes or colours, and what did not count in a score."""

from dataclasses import replace

import numpy as np
import pytest

from ktda_mmseg.scenes.map.evaluation import evaluate
from ktda_mmseg.scenes.prepare.label_file import read_label_map

rasterio = pytest.importorskip('rasterio')
RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 3, (40, 30)).astype(np.uint8)
LABELS = np.where(RNG.random((40, 30)) < 0.8, TRUTH, 1).astype(np.uint8)
LABELS[:5] = 255
# classes of the file stand in another order than the model's
CODES = """
classes:
  c: {labels: [300, 7]}
  a: {labels: [10]}
  b: {labels: [200]}
ignore: [0]
"""
COLOURS = """
classes:
  b: {labels: ['#ff0000']}
  a: {labels: ['#00FF00']}
  c: {labels: ['#0a0b0c']}
"""


@pytest.fixture
def three(card):
    return replace(card, classes=('a', 'b', 'c'))


@pytest.fixture
def label_map(tmp_path):
    def label_map(text):
        (tmp_path / 'classes.yaml').write_text(text)
        return read_label_map(tmp_path / 'classes.yaml')

    return label_map


@pytest.fixture
def labels(write):
    return write(LABELS[None], 'map.tif', nodata=255)


def score(labels, reference, *meaning):
    return evaluate([(labels, reference)], *meaning)


def test_codes_and_colours_score_as_the_labels_do(three, labels, label_map, write, capsys):
    ignored = TRUTH.copy()
    ignored[20:, 3] = 255
    expected = score(labels, write(ignored[None], 'plain.tif'), three)
    assert expected['aAcc'] > 60 and 'labelled 255' in capsys.readouterr().out

    codes = np.uint16([10, 200, 300])[TRUTH]
    codes[:9][TRUTH[:9] == 2] = 7
    codes[20:, 3] = 0
    found = score(labels, write(codes[None], 'codes.tif'), three, label_map(CODES))
    assert found == expected
    printed = capsys.readouterr().out
    assert '150 where the map has no label' in printed
    assert '20 where the reference has no data or classes.yaml ignores its label' in printed
    assert 'note: 170 pixels (14.2%) did not count' in printed and 'no pixel' not in printed

    plain = score(labels, write(TRUTH[None], 'plain.tif'), three)
    colours = np.uint8([[0, 255, 0], [255, 0, 0], [10, 11, 12]])[TRUTH].transpose(2, 0, 1)
    found = score(labels, write(colours, 'colours.tif'), three, label_map(COLOURS))
    assert found == plain


def test_a_mask_of_0_and_255_is_no_silent_score(card, labels, write, label_map, capsys):
    """As most binary masks are stored."""
    labels = write((TRUTH > 0).astype(np.uint8)[None], 'binary.tif', nodata=255)
    mask = write(((TRUTH > 0) * np.uint8(255))[None], 'mask.tif')
    score(labels, mask, card)
    printed = capsys.readouterr().out
    assert 'note: no pixel of the reference is bright\n' in printed
    count = (TRUTH > 0).sum()
    assert f'{count} labelled 255; if 255 is a class, say which by --classes' in printed
    classes = label_map('classes: {dark: {labels: [0]}, bright: {labels: [255]}}')
    assert score(labels, mask, card, classes)['IoU.bright'] == 100
    assert 'note' not in capsys.readouterr().out


def test_what_a_reference_calls_no_data_is_said(card, write, capsys):
    """Such as a mask of which 0 is both a class and nodata."""
    labels = write((TRUTH > 0).astype(np.uint8)[None], 'binary.tif', nodata=255)
    score(labels, write((TRUTH > 0).astype(np.uint8)[None], 'mask.tif', nodata=0), card)
    printed = capsys.readouterr().out
    assert 'note: no pixel of the reference is dark\n' in printed
    assert f'{(TRUTH == 0).sum()} of 0, which is no data' in printed


def test_other_values_without_classes_are_told_what_to_do(three, labels, write, label_map):
    for truth in (TRUTH[None] * 100, np.stack([TRUTH] * 3)):
        with pytest.raises(ValueError, match=r'reference\.tif: expected .* by --classes'):
            score(labels, write(truth, 'reference.tif'), three)
    with pytest.raises(ValueError, match=r'classes\.yaml: expected names .* a, b, c, found d'):
        score(labels, write(TRUTH[None]), three, label_map('classes: {d: {labels: [1]}}'))

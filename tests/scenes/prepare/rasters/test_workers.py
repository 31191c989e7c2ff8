"""Processes make the tiles, and tell the notes, of one process."""

import shutil

import pytest

from ktda_mmseg.utils.workers import Workers

pytest.importorskip('rasterio')
UNLISTED = 'classes: {water: {labels: [1]}, forest: {labels: [7]}}\nignore: [0]\nunlabelled: forest'


def files(folder):
    return {path.name: path.read_bytes() for path in folder.rglob('*') if path.is_file()}


@pytest.mark.parametrize('rgb', [None, (3, 2, 1)])
def test_label_rasters_by_two_processes(run, source, tmp_path, rgb):
    """Labels of 2 are not listed, which is noticed where tiles are made."""
    source(bands=3, dtype='uint16')
    expected = run(UNLISTED, rgb=rgb)
    made = files(tmp_path / 'out')
    shutil.rmtree(tmp_path / 'out')
    found = run(UNLISTED, rgb=rgb, workers=Workers(2))
    assert files(tmp_path / 'out') == made
    assert found.notes == expected.notes
    assert any("became 'forest' as unlabelled says: 2 in " in note for note in found.notes)

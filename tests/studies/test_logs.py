"""Curves over the parts of a resumed run."""

import json

import pytest

from ktda_mmseg.studies.logs import read_scalars


def write(work_dir, part, *records):
    folder = work_dir / part / 'vis_data'
    folder.mkdir(parents=True)
    (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, records)))


def test_a_resumed_part_replaces_what_it_repeats(tmp_path):
    write(tmp_path, '1', dict(loss=3.0, step=1), dict(loss=2.0, step=2), dict(mIoU=10.0, step=2))
    write(tmp_path, '2', dict(loss=1.5, step=2), dict(loss=1.0, step=3))
    curves = read_scalars(tmp_path)
    assert curves == {'loss': {1: 3.0, 2: 1.5, 3: 1.0}, 'mIoU': {2: 10.0}}


def test_no_log_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        read_scalars(tmp_path)

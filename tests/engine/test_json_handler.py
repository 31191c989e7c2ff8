"""No JSON of a run holds what only some parsers take, whoever of this process writes it."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.fileio import dump
from mmengine.visualization import LocalVisBackend

import ktda_mmseg
from ktda_mmseg.studies.logs import read_scalars
from ktda_mmseg.utils.files import json_text, write_json

PACKAGE = Path(ktda_mmseg.__file__).parent
NAN, INFINITE = float('nan'), float('-inf')


def strict(text):
    def refuse(word):
        raise ValueError(f'{word} is no JSON')

    return json.loads(text, parse_constant=refuse)


def test_what_is_no_number_is_null(tmp_path):
    content = {
        'a': [1.5, NAN, (INFINITE, 'NaN')],
        'b': {'c': np.float32(NAN), 'd': np.array([2, NAN])},
    }
    expected = {'a': [1.5, None, [None, 'NaN']], 'b': {'c': None, 'd': [2, None]}}
    assert strict(json_text(content, indent=1)) == expected
    write_json(tmp_path / 'new' / 'x.json', content, sort_keys=True)
    assert strict((tmp_path / 'new' / 'x.json').read_text()) == expected
    write_json(tmp_path / 'y.json', {'ü': 'a\udcff'}, ensure_ascii=False)
    assert strict((tmp_path / 'y.json').read_text()) == {'ü': 'a\udcff'}
    with pytest.raises(TypeError, match='PosixPath'):
        json_text({'path': tmp_path})


def test_logs_and_scores_of_mmengine(tmp_path):
    """Such as the losses of a run that went astray, and scores of a split without labels."""
    log = LocalVisBackend(str(tmp_path / '1' / 'vis_data'))
    log.add_scalars({'loss': 0.5, 'step': 1}, step=1)
    log.add_scalars({'loss': NAN, 'acc': np.float64(INFINITE)}, step=2)
    lines = (tmp_path / '1' / 'vis_data' / 'scalars.json').read_text().splitlines()
    assert list(map(strict, lines)) == [
        {'loss': 0.5, 'step': 1},
        {'loss': None, 'acc': None, 'step': 2},
    ]
    assert read_scalars(tmp_path) == {'loss': {1: 0.5}}
    dump({'mIoU': NAN, 'ids': {3}, 'each': np.array([NAN])}, tmp_path / 'scores.json')
    found = strict((tmp_path / 'scores.json').read_text())
    assert found == {'mIoU': None, 'ids': [3], 'each': [None]}


@pytest.mark.parametrize('folder', [PACKAGE, PACKAGE.parent / 'tools'], ids=lambda path: path.name)
def test_all_json_is_written_in_one_place(folder):
    """So that what a new tool writes is read by every parser too."""
    writing = [
        path.relative_to(PACKAGE.parent).as_posix()
        for path in folder.rglob('*.py')
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in ('dump', 'dumps')
        and isinstance(node.value, ast.Name)
        and node.value.id == 'json'
    ]
    assert writing == ['ktda_mmseg/utils/files.py'] * (folder == PACKAGE)

"""The figures in docs/performance.md are those that were measured."""

import json
from pathlib import Path

from ktda_mmseg.benchmark.document import render, write_measurements
from ktda_mmseg.benchmark.timing import Measurement

DOCS = Path(__file__).resolve().parents[2] / 'docs'


def test_the_committed_document_is_made_of_the_committed_measurements():
    text = (DOCS / 'performance.md').read_text(encoding='utf-8')
    assert '| `ktda/grass_fast` |' in text and 'megapixels/s' in text
    assert render(DOCS / 'performance') == text


def test_a_table(tmp_path):
    slow, fast = (
        Measurement(name, 4, (64, 48), 10**9, {}, seconds, [dict(loss=loss)] * 3, memory=2**30)
        for name, seconds, loss in (('slow', [2.0, 4.0], 2.0), ('fast', [1.0, 1.0], 2.5))
    )
    write_measurements([slow, fast], tmp_path / 'x.json', 'A title')
    (tmp_path / 'introduction.md').write_text('# Speed\n')
    text = render(tmp_path)
    assert text.startswith('# Speed\n\n## A title\n')
    assert '48x64 pixels, 2 steps of each in turn after 1 to warm up' in text
    assert '| `fast` | 1.00 s | 1.00-1.00 | 4 | 3.00 | 1.0 GiB | 1 |' in text
    assert 'first: `fast` 2.5e-01.' in text
    assert json.loads((tmp_path / 'x.json').read_text())['machine']['date'] in text

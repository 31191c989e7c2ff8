"""The figures in docs/performance.md are those that were measured."""

import json
from pathlib import Path

import torch

from ktda_mmseg.benchmark import document
from ktda_mmseg.benchmark.document import render, write_measurements
from ktda_mmseg.benchmark.flops import count_step
from ktda_mmseg.benchmark.loader import LoaderSpeed
from ktda_mmseg.benchmark.machine import matrix_products
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


def test_loaders_are_told_beside_their_steps(tmp_path):
    step = Measurement('small', 4, (64, 64), 10**9, {}, [0.1] * 2, [{}] * 2)
    path = tmp_path / 'x.json'
    write_measurements([step], path, 'A title', [LoaderSpeed([90, 100], 4, 2, dict(Crop=0.01))])
    (tmp_path / 'introduction.md').write_text('# Speed\n')
    assert json.loads(path.read_text())['loaders'][0]['rates'] == [90, 100]
    assert 'the data keep up: 2.4 times the rate of training.' in render(tmp_path)


def test_fast_steps_are_in_milliseconds_beside_the_products_of_the_device(tmp_path, monkeypatch):
    monkeypatch.setattr(document, 'get_device', lambda: 'cuda')
    monkeypatch.setattr(document, 'matrix_products', lambda: dict(fp32=4e13, bf16=8e14))
    plain, half = (
        Measurement(name, 4, (64, 64), 10**12, {}, [seconds] * 2, [{}] * 2, memory=2**30)
        for name, seconds in (('a', 0.05), ('a+bf16+compile', 0.0125))
    )
    write_measurements([plain, half], tmp_path / 'x.json', 'A title')
    (tmp_path / 'introduction.md').write_text('# Speed\n')
    text = render(tmp_path)
    assert '| `a+bf16+compile` | 12.5 ms | 12.5-12.5 | 320 | 4.00 |' in text
    assert 'reach 40 in fp32, 800 in bf16 TFLOP/s' in text
    # 20 of 40 and 80 of 800 TFLOP/s
    assert '`a` 50 %, `a+bf16+compile` 10 %.' in text


def test_products_are_counted_as_steps_are():
    matrix = torch.ones(64, 64)
    assert count_step(lambda: matrix @ matrix) == 2 * 64**3
    found = matrix_products(side=64, repeats=1)
    assert found.keys() == {'fp32', 'bf16', 'fp16'} and min(found.values()) > 0

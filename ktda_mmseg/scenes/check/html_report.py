"""One HTML file that shows what was checked and what was found."""

import base64
import html
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from .faults import Fault, by_kind, verdict
from .figures import plot_bands, plot_class_shares, thumbnail
from .pairs import Pair
from .running import Checked
from .tables import Rows, band_rows, split_rows

EXAMPLES = 6  # a split
PICTURES = 12  # a kind of fault
STYLE = (
    'body{font-family:sans-serif;margin:2em;max-width:75em}table{border-collapse:collapse}'
    'td,th{padding:.15em .8em;text-align:right;border-bottom:1px solid #ddd}img{max-width:100%}'
    'figure{display:inline-block;margin:.5em}figcaption{font-size:small;word-break:break-all;'
    'max-width:22em}.error{color:#b00020}.warning{color:#a65e00}.swatch{padding:0 .8em;'
    'margin:0 .4em 0 1em}'
)


def render(checked: Checked, name: str) -> bytes:
    """Write the report, with all pictures inside.

    Args:
        checked (Checked): What was found.
        name (str): Of the config.

    Returns:
        bytes: HTML, in UTF-8.
    """
    title = html.escape(f'Data of {name}')
    parts = [
        f'<!doctype html><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>',
        f'<h1>{title}: {verdict(checked.faults)}</h1>',
        *_faults(checked),
        '<h2>Splits</h2>',
        _table(split_rows(checked.surveys)),
        _picture(plot_class_shares(checked.surveys), 'class shares'),
    ]
    if any(survey.bands for survey in checked.surveys):
        parts += ['<h2>Bands, in stored values</h2>', _table(band_rows(checked.surveys))]
        parts.append(_picture(plot_bands(checked.surveys), 'histograms'))
    parts += ['<h2>Examples</h2>', _legend(checked), *_examples(checked)]
    return '\n'.join(parts).encode()


def _faults(checked: Checked) -> Iterator[str]:
    pairs = {file: pair for pair in checked.pairs for file in (pair.image, pair.mask) if file}
    for (severity, kind), alike in by_kind(checked.faults).items():
        yield f'<h2 class="{severity}">{severity}: {html.escape(kind)} ({len(alike)})</h2>'
        lines = ''.join(f'<li>{html.escape(fault.message)}</li>' for fault in alike)
        yield f'<ul>{lines}</ul>'
        yield from _thumbnails(_concerned(alike, pairs))


def _concerned(faults: Sequence[Fault], pairs: dict[Path, Pair]) -> list[Pair]:
    files = dict.fromkeys(file for fault in faults for file in fault.files)
    return [pairs[file] for file in files if file in pairs][:PICTURES]


def _examples(checked: Checked) -> Iterator[str]:
    for survey in checked.surveys:
        pairs = [pair for pair in checked.pairs if pair.source.split == survey.split]
        chosen = np.linspace(0, len(pairs) - 1, min(EXAMPLES, len(pairs))).astype(int)
        yield f'<h3>{survey.split}</h3>'
        yield from _thumbnails([pairs[index] for index in chosen])


def _thumbnails(pairs: Sequence[Pair]) -> Iterator[str]:
    for pair in pairs:
        png = thumbnail(pair)
        if png is not None:
            caption = html.escape(f'{pair.source.split}: {pair.image.name}')
            picture = _picture(png, caption)
            yield f'<figure>{picture}<figcaption>{caption}</figcaption></figure>'


def _legend(checked: Checked) -> str:
    labels = checked.sources[0].labels
    entries = [*zip(labels.classes, labels.palette, strict=False), ('ignored or wrong', (0, 0, 0))]
    return ''.join(
        f'<span class="swatch" style="background:rgb({",".join(map(str, colour))})"></span>'
        f'{html.escape(name)}'
        for name, colour in entries
    )


def _table(rows: Rows) -> str:
    def line(row: Sequence[str], tag: str) -> str:
        return '<tr>' + ''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in row) + '</tr>'

    titles, *body = rows
    return f'<table>{line(titles, "th")}{"".join(line(row, "td") for row in body)}</table>'


def _picture(png: bytes, title: str) -> str:
    return f'<img alt="{title}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'

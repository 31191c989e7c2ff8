"""A study as one HTML file, with all figures inside."""

import base64
import html
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from ktda_mmseg.studies.figures import plot_confusion_matrix
from ktda_mmseg.utils.files import write_atomic

from .definition import Study
from .pictures import RULE, plot_middle_images
from .plots import plot_bars, plot_costs
from .summary import Summary
from .tables import Summaries, Table, describe, tables_of

PICTURES = 'pictures.jpg'
STYLE = (
    'body{font:16px/1.4 sans-serif;margin:2em auto;max-width:75em;padding:0 1em}'
    'table{border-collapse:collapse;display:block;overflow-x:auto}'
    'td,th{padding:.2em .7em;text-align:right;border-bottom:1px solid #ccc;white-space:nowrap}'
    'td:first-child,th:first-child{text-align:left}'
    'img{max-width:100%}figure{display:inline-block;margin:.5em;width:22em;vertical-align:top}'
)


def page(study: Study, summaries: Summaries, folder: Path) -> str:
    """Write the page.

    Args:
        study (Study): The study.
        summaries (Summaries): Its results.
        folder (Path): Its folder of results, where ``DATASET/pictures.jpg`` is kept, so that the
            page can be made again where neither runs nor data are at hand.

    Returns:
        str: HTML that asks for no other file.
    """
    title = html.escape(study.title)
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width">',
        f'<style>{STYLE}</style><h1>{title}</h1><p>{html.escape(study.about)}</p>',
    ]
    for dataset, rows in summaries.items():
        parts += [
            f'<h2>{html.escape(dataset)}</h2>',
            f'<p>{html.escape(describe(study, rows))}</p>',
        ]
        parts += map(_table, tables_of(rows))
        run = {name: row for name, row in rows.items() if row.results}
        if run:
            parts += _figures(study, run, folder / dataset)
    return '\n'.join(parts) + '</html>\n'


def _figures(study: Study, rows: Mapping[str, Summary], folder: Path) -> Iterator[str]:
    shown = list(rows.values())
    with TemporaryDirectory() as scratch:
        path = Path(scratch, 'figure.png')
        plot_bars(shown, path)
        yield '<h3>mIoU, its 95 % interval, and each seed</h3>' + _picture(path, 'mIoU by row')
        plot_costs(shown, path)
        yield '<h3>mIoU against MACs</h3>' + _picture(path, 'mIoU against MACs')
        yield '<h3>Confusion matrices, all seeds together</h3>'
        for row in shown:
            plot_confusion_matrix(row.matrix, row.first['classes'], path)
            caption = html.escape(row.row.title)
            picture = _picture(path, f'confusion matrix of {caption}')
            yield f'<figure><figcaption>{caption}</figcaption>{picture}</figure>'
        pictures = Path(scratch, PICTURES)
        if plot_middle_images(study, shown, pictures):
            write_atomic(folder / PICTURES, pictures.read_bytes())
    kept = folder / PICTURES
    if kept.is_file():
        yield f'<h3>Images in the middle</h3><p>{RULE}</p>{_picture(kept, "predictions")}'


def _table(table: Table) -> str:
    header, *body = (
        ''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)
        for tag, cells in [('th', table.header), *(('td', row) for row in table.rows)]
    )
    rows = ''.join(f'<tr>{cells}</tr>' for cells in body)
    return f'<h3>{html.escape(table.title)}</h3><table><tr>{header}</tr>{rows}</table>'


def _picture(path: Path, title: str) -> str:
    content = base64.b64encode(path.read_bytes()).decode()
    kind = 'png' if path.suffix == '.png' else 'jpeg'
    return f'<img alt="{title}" src="data:image/{kind};base64,{content}">'

"""The tables of a study, for people and as CSV."""

import csv
import io
import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ktda_mmseg.utils.tables import markdown_table

from .definition import Study
from .summary import BY_CLASS, METRICS, Estimate, Summary, estimate

NOTHING = estimate([])
Summaries = Mapping[str, Mapping[str, Summary]]
HEADER = (
    *('row', 'seeds', 'mIoU', '95 % interval', 'OA', 'mF1', 'parameters', 'MACs', 'latency'),
    'training',
)
PAIRED = ('row', 'minus', 'seeds', 'mIoU', '95 % interval', 'seed by seed')


class Table(NamedTuple):
    """A table of text: titles of its columns, and rows of as many cells."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]


def tables_of(rows: Mapping[str, Summary]) -> list[Table]:
    """Write scores and costs, paired differences, and two tables by class, of a data set."""
    tables = [Table('Scores, mean ± std over seeds, in %', HEADER, [*map(_main, rows.values())])]
    paired = [
        _paired(row, rows[row.row.compare]) for row in rows.values() if row.row.compare is not None
    ]
    if paired:
        tables.append(Table('Paired differences in mIoU, in points', PAIRED, paired))
    classes = list(
        dict.fromkeys(name for row in rows.values() for name in row.scores_by_class('IoU'))
    )
    for metric in BY_CLASS if classes else ():
        body = []
        for row in rows.values():
            scores = row.scores_by_class(metric)
            body.append((row.row.title, *(scores.get(name, NOTHING).text() for name in classes)))
        tables.append(Table(f'{metric} by class, in %', ('row', *classes), body))
    return tables


def answer(rows: Mapping[str, Summary]) -> list[tuple[str, str, str]]:
    """Say which row is best, and by how much over the one that it is compared with.

    Triples of what it is, its value, and what to know of it.
    """
    run = [row for row in rows.values() if row.results]
    if not run:
        return [('best row', '-', 'nothing was run yet')]
    best = max(run, key=lambda row: row.score('mIoU').mean)
    score = best.score('mIoU')
    facts = [
        ('best row', best.row.title, f'of {len(run)} by their mIoU; {best.count} seeds'),
        ('mIoU', f'{score.mean:.2f} %', _interval(score.interval())),
    ]
    if best.row.compare is not None:
        other = rows[best.row.compare]
        more = best.difference(other)
        points = f'{more.mean:+.2f} points' if more.values else '-'
        facts.append((f'over {other.row.title}', points, _interval(more.interval('+'))))
    return facts


def _interval(text: str) -> str:
    return f'95 % interval {text}' if text != '-' else 'of one seed, without an interval'


def amount(value: float) -> str:
    """Write two decimals, or two digits that count where those would hide a small model."""
    return f'{value:.2f}' if value >= 0.1 else f'{value:.2g}'


def _main(row: Summary) -> tuple[str, ...]:
    scores = [row.score(metric) for metric in METRICS]
    cells = [row.row.title, row.count, scores[0].text(), scores[0].interval()]
    cells += [score.text() for score in scores[1:]]
    if not row.results:
        return (*cells, *['-'] * 4)
    return (
        *cells,
        f'{amount(row.cost("model", "parameters") / 1e6)} M',
        f'{amount(row.cost("model", "macs") / 1e9)} G',
        f'{1000 * row.cost("model", "latency"):.1f} ms',
        f'{row.cost("training", "seconds") / 60:.1f} min',
    )


def _paired(row: Summary, other: Summary) -> tuple[str, ...]:
    score = row.difference(other)
    return (
        *(row.row.title, other.row.title, f'{len(score.values)} of {len(row.seeds)}'),
        *(score.text('+'), score.interval('+')),
        ' / '.join(f'{value:+.2f}' for value in score.values) or '-',
    )


def describe(study: Study, rows: Mapping[str, Summary]) -> str:
    """Say in a few sentences how the rows of a data set were made."""
    results = [result for row in rows.values() for result in row.results.values()]
    if not results:
        return 'Nothing was run yet.'
    iterations = sorted({result['training']['iterations'] for result in results})
    machines = sorted(
        {f'{r["machine"]["device"]}, threads: {r["machine"]["threads"]}' for r in results}
    )
    sizes = sorted({'×'.join(map(str, result['model']['size'][::-1])) for result in results})
    tested = {'last': 'last checkpoint', 'best': 'checkpoint that is best on the validation split'}
    return (
        f'Training took {" or ".join(map(str, iterations))} steps on {"; ".join(machines)}; the '
        f'{tested[study.checkpoint]} was tested, once. Classes that are never predicted count 0 '
        'in the means. Parameters, MACs and latency are those of the deployed model on one image '
        f'of {" or ".join(sizes)} pixels; training time is without validation. Latency and '
        'training time are the least over seeds, since other runs may have shared the machine.'
    )


def markdown(study: Study, summaries: Summaries) -> str:
    """Write all tables as Markdown, with a section a data set."""
    parts = [
        f'# {study.title}',
        study.about,
        '`tools/run_study.py` made this of the JSON files below this folder, and with `--tables` '
        'makes `index.html`, which shows it with figures.',
    ]
    for dataset, rows in summaries.items():
        parts += [f'## {dataset}', describe(study, rows)]
        for table in tables_of(rows):
            parts += [f'### {table.title}', markdown_table([table.header, *table.rows])]
    return '\n\n'.join(filter(None, parts)) + '\n'


def as_csv(summaries: Summaries) -> str:
    """Write all numbers as CSV with a header, a line a row and data set."""
    records = [dict(_record(row, rows)) for rows in summaries.values() for row in rows.values()]
    names = dict.fromkeys(name for record in records for name in record)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(names), lineterminator='\n')
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue()


def _record(row: Summary, rows: Mapping[str, Summary]) -> Iterator[tuple[str, str]]:
    yield 'dataset', row.dataset
    yield 'row', row.row.name
    yield 'title', row.row.title
    yield 'seeds', str(len(row.results))
    for metric in METRICS:
        yield from _numbers(metric, row.score(metric))
    if row.row.compare is not None:
        yield 'compare', row.row.compare
        yield from _numbers('difference', row.difference(rows[row.row.compare]))
    for metric in BY_CLASS:
        for name, score in row.scores_by_class(metric).items():
            yield from _numbers(f'{metric}.{name}', score)
    for group, name in (
        *(('model', 'parameters'), ('model', 'macs'), ('model', 'latency')),
        *(('training', 'seconds'), ('training', 'iterations')),
    ):
        if row.results:
            yield f'{group}.{name}', f'{row.cost(group, name):.6g}'


def _numbers(name: str, score: Estimate) -> Iterator[tuple[str, str]]:
    for part in ('mean', 'std', 'low', 'high'):
        value = getattr(score, part)
        yield f'{name}.{part}', '' if math.isnan(value) else f'{value:.4f}'

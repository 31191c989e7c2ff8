"""Rows of cells as text: columns that end at the same place, or Markdown; the first of many."""

from collections.abc import Sequence

SHOWN = 5  # of many


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Write rows, titles among them, as lines of columns that end at the same place."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return '\n'.join('  '.join(map(str.rjust, row, widths)) for row in rows)


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Write rows, of which the first holds the titles, as lines of Markdown."""
    titles, *others = rows
    lines = [titles, ['---'] * len(titles), *others]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def first_few(things: Sequence[object]) -> str:
    """Name the first of some things, and say how many more there are."""
    more = f' and {len(things) - SHOWN} more' if len(things) > SHOWN else ''
    return ', '.join(map(str, things[:SHOWN])) + more

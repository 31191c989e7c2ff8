"""Rows of cells as text: columns that end at the same place, or Markdown."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Write rows, titles among them, as lines of columns that end at the same place."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return '\n'.join('  '.join(map(str.rjust, row, widths)) for row in rows)


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Write rows, of which the first holds the titles, as lines of Markdown."""
    titles, *others = rows
    lines = [titles, ['---'] * len(titles), *others]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)

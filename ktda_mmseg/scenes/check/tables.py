"""What splits hold and what is wrong, as rows of text for terminal and report."""

from collections.abc import Sequence

from ktda_mmseg.utils.tables import SHOWN

from .faults import Fault, by_kind
from .survey import Survey

PERCENTILES = (2, 50, 98)

Rows = list[list[str]]


def split_rows(surveys: Sequence[Survey]) -> Rows:
    """List images, sizes and class shares; the first row holds titles."""
    classes = surveys[0].labels.classes
    rows = [['split', 'images', 'width x height', 'type', 'bands', *classes, 'ignored']]
    for survey in surveys:
        sizes = [f'{width}x{height}' for (height, width), _ in survey.sizes.most_common()]
        kinds = [kind for kind, _ in survey.kinds.most_common()]
        pixels = survey.pixels / max(survey.pixels.sum(), 1)
        rows.append(
            [
                survey.split,
                str(survey.images),
                _few(sizes),
                _few([dtype for dtype, _ in kinds]),
                _few([str(bands) for _, bands in kinds]),
                *(f'{share:.1%}' for share in pixels),
            ]
        )
    return rows


def band_rows(surveys: Sequence[Survey]) -> Rows:
    """List the distribution of each band; the first row holds titles."""
    titles = ['split', 'band', 'mean', 'std', 'min', *(f'{p} %' for p in PERCENTILES), 'max']
    rows = [titles]
    for survey in surveys:
        for number, band in enumerate(survey.bands, start=1):
            inner = (band.percentile(percent) for percent in PERCENTILES)
            values = band.mean, band.std, band.low, *inner, band.high
            rows.append([survey.split, str(number), *(f'{value:.5g}' for value in values)])
    return rows


def list_faults(faults: Sequence[Fault]) -> str:
    """Write findings below their kind, the first few of each."""
    lines = []
    for (severity, kind), alike in by_kind(faults).items():
        lines.append(f'{severity}: {kind} ({len(alike)})')
        lines += [f'  {fault.message}' for fault in alike[:SHOWN]]
        if len(alike) > SHOWN:
            lines.append(f'  and {len(alike) - SHOWN} more, all in the report')
    return '\n'.join(lines)


def _few(values: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(values))
    return ', '.join(distinct[:2]) + (', ...' if len(distinct) > 2 else '')

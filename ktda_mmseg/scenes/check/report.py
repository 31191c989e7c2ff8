"""What a check leaves: an HTML report, a config with statistics, and a summary for the terminal."""

from pathlib import Path

import numpy as np
from mmengine.config import Config

from ktda_mmseg.raster.colours import IGNORED, hex_colour
from ktda_mmseg.utils.files import write_atomic
from ktda_mmseg.utils.html import render
from ktda_mmseg.utils.tables import aligned

from . import fragment
from .faults import Fault, by_kind, list_faults, verdict
from .figures import plot_bands, plot_class_shares, thumbnails
from .pairs import Pair
from .running import Checked
from .survey import band_rows, split_rows

REPORT = 'index.html'
FRAGMENT = 'with_statistics.py'
EXAMPLES = 6  # a split
PICTURES = 12  # a kind of fault


def write(checked: Checked, config: Config, out: Path) -> str:
    """Write the report and, where training images were readable, the config fragment.

    Args:
        checked (Checked): What was found.
        config (Config): The checked config, read from a file.
        out (Path): Folder to write to.

    Returns:
        str: Tables, findings, paths and, last, the verdict, for the terminal.
    """
    write_atomic(out / REPORT, page(checked, Path(config.filename).name).encode())
    lines = [aligned(split_rows(checked.surveys)), '', aligned(band_rows(checked.surveys)), '']
    lines += [list_faults(checked.faults), ''] if checked.faults else []
    lines.append(f'report {out / REPORT}')
    source, survey = checked.sources[0], checked.surveys[0]
    if survey.split == 'train' and survey.bands:
        content = fragment.render(config, survey, source.reading, out / FRAGMENT)
        write_atomic(out / FRAGMENT, content)
        lines.append(f'config with mean, std and class weights {out / FRAGMENT}')
    return '\n'.join([*lines, f'verdict: {verdict(checked.faults)}'])


def page(checked: Checked, name: str) -> str:
    """Fill in the report on a config of that name, with all pictures inside."""
    surveys, labels = checked.surveys, checked.sources[0].labels
    pairs = {file: pair for pair in checked.pairs for file in (pair.image, pair.mask) if file}
    banded = any(survey.bands for survey in surveys)
    return render(
        Path(__file__).with_name('report.html'),
        title=f'Data of {name}',
        answer=_answer(checked),
        faults=[
            (severity, kind, alike, _pictures(_concerned(alike, pairs)))
            for (severity, kind), alike in by_kind(checked.faults).items()
        ],
        splits=split_rows(surveys),
        shares=plot_class_shares(surveys),
        bands=band_rows(surveys) if banded else None,
        histograms=plot_bands(surveys) if banded else None,
        colours=dict(zip(labels.classes, map(hex_colour, labels.palette), strict=False))
        | {'ignored or wrong': hex_colour(IGNORED)},
        examples={s.split: _pictures(_examples(checked, s.split)) for s in surveys},
    )


def _answer(checked: Checked) -> list[tuple[str, str, str]]:
    """Say in short whether the data can be trained on, and how many there are."""
    found = verdict(checked.faults)
    classes = len(checked.sources[0].labels.classes)
    images = ', '.join(f'{survey.split} {survey.images}' for survey in checked.surveys)
    total = str(sum(survey.images for survey in checked.surveys))
    note = 'nothing to mend' if found == 'ok' else 'below, the gravest first'
    return [('verdict', found, note), ('images', total, images), ('classes', str(classes), '')]


def _concerned(faults: list[Fault], pairs: dict[Path, Pair]) -> list[Pair]:
    files = dict.fromkeys(file for fault in faults for file in fault.files)
    return [pairs[file] for file in files if file in pairs][:PICTURES]


def _examples(checked: Checked, split: str) -> list[Pair]:
    pairs = [pair for pair in checked.pairs if pair.source.split == split]
    chosen = np.linspace(0, len(pairs) - 1, min(EXAMPLES, len(pairs))).astype(int)
    return [pairs[index] for index in chosen]


def _pictures(pairs: list[Pair]) -> list[tuple[str, dict[str, bytes]]]:
    """Thumbnails of those that can be read, with their captions."""
    drawn = ((f'{pair.source.split}: {pair.image.name}', thumbnails(pair)) for pair in pairs)
    return [(caption, pictures) for caption, pictures in drawn if pictures]

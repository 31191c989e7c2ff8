"""Writing the tables and the page of a study."""

from pathlib import Path

from ktda_mmseg.utils.files import write_atomic

from .cells import RESULTS
from .definition import Study
from .page import page
from .summary import summarise
from .tables import as_csv, markdown

MARKDOWN, CSV, PAGE = 'README.md', 'table.csv', 'index.html'


def write_tables(study: Study) -> Path:
    """Write a study's tables from the results that are there.

    Args:
        study (Study): The study.

    Returns:
        Path: Folder that holds ``README.md``, ``table.csv`` and ``index.html``.

    Raises:
        ValueError: If seeds of a row were trained with different configs.
    """
    folder = RESULTS / study.name
    summaries = summarise(study, folder)
    write_atomic(folder / MARKDOWN, markdown(study, summaries).encode())
    write_atomic(folder / CSV, as_csv(summaries).encode())
    write_atomic(folder / PAGE, page(study, summaries, folder).encode())
    return folder

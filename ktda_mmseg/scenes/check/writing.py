"""Report, config fragment and summary of a check."""

from pathlib import Path

from mmengine.config import Config

from ktda_mmseg.utils.files import write_atomic
from ktda_mmseg.utils.tables import aligned

from . import fragment, html_report
from .faults import verdict
from .running import Checked
from .tables import band_rows, list_faults, split_rows

REPORT = 'index.html'
FRAGMENT = 'with_statistics.py'


def write(checked: Checked, config: Config, out: Path) -> str:
    """Write the report and, where training images were readable, the config fragment.

    Args:
        checked (Checked): What was found.
        config (Config): The checked config, read from a file.
        out (Path): Folder to write to.

    Returns:
        str: Tables, findings, paths and, last, the verdict, for the terminal.
    """
    write_atomic(out / REPORT, html_report.render(checked, Path(config.filename).name))
    lines = [aligned(split_rows(checked.surveys)), '', aligned(band_rows(checked.surveys)), '']
    lines += [list_faults(checked.faults), ''] if checked.faults else []
    lines.append(f'report {out / REPORT}')
    trained = checked.sources[0], checked.surveys[0]
    if trained[1].split == 'train' and trained[1].bands:
        content = fragment.render(config, trained[1], trained[0].reading, out / FRAGMENT)
        write_atomic(out / FRAGMENT, content)
        lines.append(f'config with mean, std and class weights {out / FRAGMENT}')
    return '\n'.join([*lines, f'verdict: {verdict(checked.faults)}'])

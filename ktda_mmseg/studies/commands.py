"""What `tools/run_study.py` does with its arguments."""

import shutil
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ktda_mmseg.utils.workers import Workers

from .cells import CHANGED, DONE, STATES, Cell, cells_of
from .definition import Study
from .running import run_cells
from .writing import write_tables


@dataclass
class Command:
    """What to do; see the tool's help.

    Attributes:
        study (Path): Study file.
        datasets (list[str] | None): Only these data sets.
        rows (list[str] | None): Only these rows.
        seeds (list[int] | None): Only these seeds.
        jobs (int | None): Cells at once; None takes one a GPU, else one.
        cluster (str | None): Run them there instead, see :class:`Workers`.
        status (bool): Only say how far each cell is.
        dry_run (bool): Only list what would be run.
        tables (bool): Only write the tables.
        drop_changed (bool): Remove what was run with a config that has changed since.
    """

    study: Path
    datasets: list[str] | None
    rows: list[str] | None
    seeds: list[int] | None
    jobs: int | None
    cluster: str | None
    status: bool
    dry_run: bool
    tables: bool
    drop_changed: bool


def run_study(command: Command) -> None:
    """Run, list or write, as the command says.

    Raises:
        FileNotFoundError: If the study file or a config is missing.
        ValueError: If the study file or the command is not as expected, or if results are of a
            config that has changed since.
        SystemExit: If cells failed, or the run was interrupted.
    """
    if command.jobs is not None and command.jobs < 1:
        raise ValueError(f'expected --jobs of at least 1, got {command.jobs}')
    study = Study.load(command.study)
    cells = cells_of(study, command.datasets, command.rows, command.seeds)
    if command.status:
        print(describe(cells))
        return
    if command.tables:
        print(f'written to {write_tables(study)}')
        return
    missing = unfinished(cells, command.drop_changed and not command.dry_run)
    if command.dry_run:
        print('\n'.join([*(cell.label for cell in missing), f'{len(missing)} cells to run']))
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        failures = run_cells(missing, Workers(command.jobs, command.cluster))
    except KeyboardInterrupt:
        sys.exit('stopped; the same command goes on from the last checkpoints')
    print(f'written to {write_tables(study)}')
    if failures:
        sys.exit(f'error: {len(failures)} of {len(missing)} cells failed: {"; ".join(failures)}')


def unfinished(cells: Sequence[Cell], drop_changed: bool = False) -> list[Cell]:
    """List the cells that are to be run.

    Args:
        cells (Sequence[Cell]): Cells of a study.
        drop_changed (bool): Remove runs and results of configs that have changed since.

    Returns:
        list[Cell]: Those that are not done.

    Raises:
        ValueError: If some are of a config that has changed since, and are not to be dropped.
    """
    states = [(cell, cell.state) for cell in cells]
    changed = [cell for cell, state in states if state == CHANGED]
    if changed and not drop_changed:
        labels = ', '.join(cell.label for cell in changed)
        raise ValueError(
            f'expected runs and results of the configs as they are now, found {len(changed)} of '
            f'other ones: {labels}; bring the configs back, or remove these runs and results with '
            '--drop-changed'
        )
    for cell in changed:
        shutil.rmtree(cell.folder, ignore_errors=True)
        for path in (cell.result, cell.result.with_suffix('.log')):
            path.unlink(missing_ok=True)
    return [cell for cell, state in states if state != DONE]


def describe(cells: Sequence[Cell]) -> str:
    """Write a line a cell that is begun, and how many cells there are in each state."""
    states = [(cell, cell.state) for cell in cells]
    lines = [f'{cell.label}: {state}, {cell.steps_done}/{cell.steps}' for cell, state in states]
    counts = Counter(state for _, state in states)
    return '\n'.join([*lines, ', '.join(f'{counts[s]} {s}' for s in STATES if counts[s])])

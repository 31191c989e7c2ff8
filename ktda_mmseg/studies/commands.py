"""What `tools/run_study.py` does with its arguments; each cell runs in a process of its own."""

import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from joblib import cpu_count
from tqdm import tqdm

from ktda_mmseg.engine import BFloat16OptimWrapper
from ktda_mmseg.utils.claims import gpu
from ktda_mmseg.utils.files import write_atomic
from ktda_mmseg.utils.precision import warn_if_bfloat16_is_slower
from ktda_mmseg.utils.processes import run_process
from ktda_mmseg.utils.workers import Workers

from .cells import CHANGED, DONE, ERROR, RESULTS, STATES, TAKEN, Cell, cells_of
from .definition import Study
from .features.gap import TABLE, rows_trained_again
from .page import page
from .summary import summarise
from .tables import as_csv, markdown

CONSOLE = 'console.log'
THREADS = ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS')
# without the folder it starts in, where a config may be named as a module of Python is
PROGRAM = (
    '-c',
    'import sys; sys.path = [path for path in sys.path if path]; '
    'from ktda_mmseg.studies.training import main; main()',
)


class Outcome(NamedTuple):
    """What became of a cell.

    Attributes:
        said (str): In a few words.
        failed (bool): Whether it is to be run again.
    """

    said: str
    failed: bool = False


def run_cells(cells: Sequence[Cell], workers: Workers) -> list[str]:
    """Run cells, as many at once as there are workers; what other commands run is left to them.

    A cell that fails is noted, and the others go on. A stopped cell goes on from its last
    checkpoint when it is run again.

    Args:
        cells (Sequence[Cell]): Cells that are not done, in the order to start them.
        workers (Workers): Where they run, each on its share of the cores, or on one GPU.

    Returns:
        list[str]: What failed, one sentence each.
    """
    size, threads = workers.size(), None
    if workers.cluster is None:  # a worker of a cluster says itself how many threads it has
        workers, threads = Workers(size), max(1, cpu_count() // size)
    outcomes = workers.map(
        partial(run_cell, program=PROGRAM, threads=threads),
        cells,
        threads=1,  # the worker waits; the cell's own process takes the GPU
        total=sum(cell.steps for cell in cells),
        unit='step',
        done=lambda: sum(cell.steps_done for cell in cells),
    )
    failures = []
    for cell, outcome in zip(cells, outcomes, strict=True):
        tqdm.write(f'{"FAILED " * outcome.failed}{cell.label}: {outcome.said}', file=sys.stderr)
        if outcome.failed:
            failures.append(f'{cell.label}: {outcome.said}')
    return failures


def run_cell(cell: Cell, program: Sequence[str], threads: int | None) -> Outcome:
    """Run a cell in a process of its own, and note in its folder if it fails."""
    if cell.result.is_file():
        return Outcome('done by another process')
    setting = cell.setting
    names = (str(setting.study.path), setting.dataset, setting.row.name, str(cell.seed))
    environment = dict.fromkeys(THREADS, str(threads)) if threads else {}
    number = gpu()
    if number is not None:
        known = os.environ.get('CUDA_VISIBLE_DEVICES')
        devices = known.split(',') if known else range(torch.cuda.device_count())
        environment['CUDA_VISIBLE_DEVICES'] = str(devices[number])
    cell.folder.mkdir(parents=True, exist_ok=True)
    console = cell.folder / CONSOLE
    tqdm.write(f'{cell.label}: started', file=sys.stderr)
    with console.open('a') as log:
        code = run_process([sys.executable, *program, *names], log, environment)
    if code == TAKEN:
        return Outcome('left to another process, which runs it')
    if code == 0 and cell.result.is_file():
        return Outcome('done')
    lines = console.read_text(errors='replace').splitlines()
    said = [line for line in lines if line.startswith('error: ')] or lines or ['']
    outcome = Outcome(
        f'{said[-1].removeprefix("error: ")} (exit code {code}, see {console})', failed=True
    )
    (cell.folder / ERROR).write_text(f'{cell.label}: {outcome.said}')
    return outcome


def run_study(
    study: Path,
    datasets: Sequence[str] | None,
    rows: Sequence[str] | None,
    seeds: Sequence[int] | None,
    jobs: int | None,
    cluster: str | None,
    status: bool,
    dry_run: bool,
    tables: bool,
    drop_changed: bool,
) -> None:
    """Run what is missing of a study and write its tables, or only list or write.

    Args:
        study (Path): Study file.
        datasets (Sequence[str] | None): Only these data sets.
        rows (Sequence[str] | None): Only these rows.
        seeds (Sequence[int] | None): Only these seeds.
        jobs (int | None): Cells at once; None takes one a GPU, else one.
        cluster (str | None): Run them there instead, see :class:`Workers`.
        status (bool): Only say how far each cell is.
        dry_run (bool): Only list what would be run.
        tables (bool): Only write the tables.
        drop_changed (bool): Remove what was run with a config that has changed since.

    Raises:
        FileNotFoundError: If the study file or a config is missing.
        ValueError: If the study file or an argument is not as expected, or if results are of a
            config that has changed since.
        SystemExit: If cells failed, or the run was interrupted.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f'expected --jobs of at least 1, got {jobs}')
    plan = Study.load(study)
    cells = cells_of(plan, datasets, rows, seeds)
    if status:
        print(describe(cells))
        return
    if tables:
        print(f'written to {write_tables(plan)}')
        return
    missing = unfinished(cells, drop_changed and not dry_run)
    if dry_run:
        print('\n'.join([*(cell.label for cell in missing), f'{len(missing)} cells to run']))
        return
    if cluster is None:
        warn_of_slow_rows(missing)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        failures = run_cells(missing, Workers(jobs, cluster))
    except KeyboardInterrupt:
        sys.exit('stopped; the same command goes on from the last checkpoints')
    print(f'written to {write_tables(plan)}')
    if failures:
        sys.exit(f'error: {len(failures)} of {len(missing)} cells failed: {"; ".join(failures)}')


def warn_of_slow_rows(cells: Sequence[Cell]) -> None:
    """Say so where cells train in bfloat16 and this machine is slower in it; each logs it, too."""
    wrappers = (cell.setting.config.get('optim_wrapper', {}) for cell in cells)
    if BFloat16OptimWrapper.__name__ in (wrapper.get('type') for wrapper in wrappers):
        warn_if_bfloat16_is_slower()


def unfinished(cells: Sequence[Cell], drop_changed: bool = False) -> list[Cell]:
    """List the cells that are not done, and remove what is of configs that have changed since.

    ValueError if there is any and it is not to be dropped.
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


def write_tables(study: Study) -> Path:
    """Write ``README.md``, ``table.csv`` and ``index.html`` from the results that are there.

    Returns their folder. ValueError if seeds of a row were trained with different configs.
    """
    folder = RESULTS / study.name
    summaries = summarise(study, folder)
    write_atomic(folder / 'README.md', markdown(study, summaries).encode())
    write_atomic(folder / 'table.csv', as_csv(summaries).encode())
    write_atomic(folder / 'index.html', page(study, summaries, folder).encode())
    for dataset, of_rows in summaries.items():
        if rows := rows_trained_again(study, dataset, of_rows):
            tqdm.write(
                f'{folder / dataset / TABLE} is of older results of {", ".join(rows)}; '
                'study_features.py --teacher makes it anew',
                file=sys.stderr,
            )
    shown = (cell for cell in cells_of(study) if cell.result.is_file())
    changed = (cell.setting for cell in shown if cell.state == CHANGED)
    if rows := list(dict.fromkeys(f'{it.dataset}/{it.row.name}' for it in changed)):
        tqdm.write(
            f'the tables show results of configs that have changed since: {", ".join(rows)}; a run '
            'with --drop-changed makes them anew',
            file=sys.stderr,
        )
    return folder

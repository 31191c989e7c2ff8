"""Running the cells of a study, each in a process of its own."""

import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from joblib import cpu_count
from tqdm import tqdm

from ktda_mmseg.utils.claims import gpu
from ktda_mmseg.utils.processes import run_process
from ktda_mmseg.utils.workers import THREADS, Workers

from .cells import ERROR, TAKEN, Cell

CONSOLE = 'console.log'
PROGRAM = ('-m', 'ktda_mmseg.studies.training')


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

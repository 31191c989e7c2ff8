"""How much of the gap between a student alone and its teacher the rows of a study close.

A student alone stands at 0 %, the teacher with the same head, frozen or trained, at 100 %: in mIoU
on the test split, and by level in linear CKA with the frozen teacher, which stands at 1.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.device import get_device
from mmengine.registry import DefaultScope
from mmengine.utils import track_iter_progress
from mmseg.registry import DATASETS

from ktda_mmseg.checkpoints.deploy import load_deployed
from ktda_mmseg.studies.cells import CONFIG, DONE, RESULTS, Cell, cells_of
from ktda_mmseg.studies.definition import Study
from ktda_mmseg.studies.figures import draw_gap
from ktda_mmseg.studies.summary import Estimate, Summary, estimate, summarise
from ktda_mmseg.utils.figures import write_figure
from ktda_mmseg.utils.files import write_atomic, write_json
from ktda_mmseg.utils.tables import markdown_table

from .levels import similarity_by_level
from .maps import choose
from .visualise import teacher_of

SIMILARITY, FIGURE, TABLE = 'similarity.json', 'way.png', 'way.md'
MEASURE = 'backbone.cka'


def read_similarity(study: Study, dataset: str) -> dict[str, dict[str, dict]]:
    """Read what cells were compared on, by row and seed; empty where nothing was compared."""
    path = RESULTS / study.name / dataset / SIMILARITY
    return json.loads(path.read_bytes()) if path.is_file() else {}


def rows_trained_again(study: Study, dataset: str, summaries: Mapping[str, Summary]) -> list[str]:
    """Name the rows that were compared with the teacher before they were trained anew."""
    kept = read_similarity(study, dataset)
    return [
        row
        for row, summary in summaries.items()
        if len(_reached(summary, kept.get(row, {}))) < len(kept.get(row, {}))
    ]


def compare_cells(
    study: Study, dataset: str, rows: Sequence[str], teacher: Path, images: int
) -> None:
    """Compare what finished cells see with a teacher, and keep it in ``similarity.json``.

    A cell that was compared before, of the same config, with the same teacher and on as many
    images, is left as it is: its checkpoint may be gone.

    Args:
        study (Study): The study.
        dataset (str): One of its data sets.
        rows (Sequence[str]): Rows whose students have as many levels as the teacher.
        teacher (Path): Config that holds the teacher.
        images (int): Images of the test split to compare on, evenly spread.

    Raises:
        FileNotFoundError: If the checkpoint of a cell is needed and gone.
        ValueError: If the config has no teacher, or it does not pair with a student.
    """
    kept = read_similarity(study, dataset)
    done = [cell for cell in cells_of(study, [dataset], rows) if cell.state == DONE]
    for cell in track_iter_progress(done):
        row, seed = kept.setdefault(cell.setting.row.name, {}), str(cell.seed)
        source = dict(digest=cell.setting.digest, teacher=str(teacher), images=images)
        if {key: row.get(seed, {}).get(key) for key in source} == source:
            continue
        row[seed] = {**source, **_compare(cell, teacher, images)}
        path = RESULTS / study.name / dataset / SIMILARITY
        write_json(path, kept, indent=1, sort_keys=True)


def _compare(cell: Cell, teacher: Path, images: int) -> dict:
    student = load_deployed(cell.folder / CONFIG, _checkpoint(cell)).model.to(get_device())
    with DefaultScope.overwrite_default_scope('mmseg'):
        taught_by = teacher_of(teacher, student)
        batches = choose(DATASETS.build(cell.config.test_dataloader.dataset), images)
    similarity = similarity_by_level(student, taught_by, batches, images)
    return dict(weights=taught_by.fingerprint()['sha256'], similarity=similarity)


def _checkpoint(cell: Cell) -> Path:
    """Find the checkpoint that was tested."""
    iteration = json.loads(cell.result.read_bytes())['checkpoint']['iteration']
    for path in sorted(cell.folder.glob(f'*iter_{iteration}.pth')):
        return path
    raise FileNotFoundError(
        f'{cell.folder}: expected the checkpoint *iter_{iteration}.pth that was tested, found none'
    )


class Gap(NamedTuple):
    """What rows reach, by level of linear CKA and last in mIoU, and the percent of the gap."""

    titles: list[str]  # of the rows
    reached: list[list[Estimate]]  # over the seeds
    closed: list[list[Estimate]]  # over the seeds that the row and both ends have


def write_gap(study: Study, dataset: str, rows: Sequence[str]) -> Path:
    """Write ``way.png`` and ``way.md`` among the results of a data set, from what is kept there.

    Args:
        study (Study): The study.
        dataset (str): One of its data sets.
        rows (Sequence[str]): Rows, from the student alone to the teacher with the head.

    Returns:
        Path: Folder that holds them.

    Raises:
        ValueError: If the study has no such row, or no cell of it was compared with the teacher.
    """
    gap = measure_gap(study, dataset, rows)
    folder = RESULTS / study.name / dataset
    write_figure(draw_gap(*gap), folder / FIGURE)
    write_atomic(folder / TABLE, table(gap).encode())
    return folder


def measure_gap(study: Study, dataset: str, rows: Sequence[str]) -> Gap:
    """Measure what each row closes; arguments and errors are those of :func:`write_gap`."""
    summaries = summarise(study, RESULTS / study.name)[dataset]
    kept = read_similarity(study, dataset)
    reached = {row: _reached(summaries.get(row), kept.get(row, {})) for row in rows}
    for row, seeds in reached.items():
        if not seeds:
            raise ValueError(
                f'{study.path}: rows: {row}: expected results on {dataset} that were compared with '
                'the teacher, found none; --teacher compares them'
            )
    start, end = reached[rows[0]], reached[rows[-1]]
    gap = Gap([summaries[row].row.title for row in rows], [], [])
    for seeds in reached.values():
        shared = sorted(seeds.keys() & start.keys() & end.keys())
        closed = [100 * (seeds[i] - start[i]) / (end[i] - start[i]) for i in shared]
        places = len(next(iter(seeds.values())))
        gap.reached.append(_over_seeds(seeds.values(), places))
        gap.closed.append(_over_seeds(closed, places))
    return gap


def _reached(summary: Summary | None, kept: dict[str, dict]) -> dict[int, np.ndarray]:
    """Join similarity and mIoU, by seed, where both are of the same config."""
    return {
        seed: np.array([*kept[str(seed)]['similarity'][MEASURE], result['test']['mIoU']])
        for seed, result in (summary.results if summary else {}).items()
        if kept.get(str(seed), {}).get('digest') == result['digest']
    }


def _over_seeds(rows: Iterable[np.ndarray], places: int) -> list[Estimate]:
    return [estimate(column.tolist()) for column in np.reshape(list(rows), (-1, places)).T]


def table(gap: Gap) -> str:
    """Write as a Markdown table what is reached, mean ± std, and percent of the gap."""
    depth = len(gap.reached[0]) - 1
    digits = [3] * depth + [2]
    lines = [['row', *(f'CKA, level {level}' for level in range(depth)), 'mIoU, %']]
    for title, reached, closed in zip(*gap, strict=True):
        cells = [
            f'{found.text(digits=places)} ({share.mean:.0f} %)'
            for found, share, places in zip(reached, closed, digits, strict=True)
        ]
        lines.append([title, *cells])
    return markdown_table(lines) + '\n'

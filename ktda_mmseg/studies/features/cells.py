"""What the finished cells of a study see, compared with a teacher and kept among the results."""

import json
from collections.abc import Sequence
from pathlib import Path

from mmengine.device import get_device
from mmengine.registry import DefaultScope
from mmengine.utils import track_iter_progress
from mmseg.registry import DATASETS

from ktda_mmseg.checkpoints.deploy import load_deployed
from ktda_mmseg.studies import Study
from ktda_mmseg.studies.cell import CONFIG
from ktda_mmseg.studies.cells import DONE, RESULTS, Cell, cells_of
from ktda_mmseg.utils.files import write_json

from .levels import similarity_by_level
from .panels import choose
from .running import teacher_of

FILE = 'similarity.json'
# of a row by seed: what similarity_by_level found, and what of
Kept = dict[str, dict[str, dict]]


def read(study: Study, dataset: str) -> Kept:
    """Read what was compared, by row and seed; empty where nothing was."""
    path = RESULTS / study.name / dataset / FILE
    return json.loads(path.read_bytes()) if path.is_file() else {}


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
    kept = read(study, dataset)
    done = [cell for cell in cells_of(study, [dataset], rows) if cell.state == DONE]
    for cell in track_iter_progress(done):
        row, seed = kept.setdefault(cell.setting.row.name, {}), str(cell.seed)
        source = dict(digest=cell.setting.digest, teacher=str(teacher), images=images)
        if {key: row.get(seed, {}).get(key) for key in source} == source:
            continue
        row[seed] = {**source, **_compare(cell, teacher, images)}
        path = RESULTS / study.name / dataset / FILE
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

"""A folder of figures that shows what a trained student sees, and how close that is to a teacher.

Needs no teacher in the student's own config: a student that was trained alone is compared with the
teacher of another.
"""

from pathlib import Path

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope
from mmengine.runner import set_random_seed
from mmengine.utils import track_iter_progress
from mmseg.models.segmentors import EncoderDecoder
from mmseg.registry import DATASETS, MODELS

from ktda_mmseg.checkpoints.deploy import TRANSFER, load_deployed
from ktda_mmseg.models import FrozenTeacher
from ktda_mmseg.studies.figures import draw_attention, draw_maps, draw_similarity
from ktda_mmseg.utils.figures import write_figure
from ktda_mmseg.utils.files import write_json
from ktda_mmseg.utils.tables import aligned

from .attention import attention_by_level
from .levels import similarity_by_level, windows
from .maps import choose, coloured, covered

Similarity = dict[str, dict[str, list[float]]]
BEFORE, AFTER = 'before', 'after'


def visualise_features(
    config: Path,
    checkpoint: Path,
    out: Path,
    before: Path | None = None,
    teacher: Path | None = None,
    split: str = 'val',
    images: int = 16,
    shown: int = 3,
) -> Similarity:
    """Write figures of what a student sees before and after training, beside its teacher.

    ``similarity.json`` and ``similarity.png`` are of all the images; ``maps_*.png`` and, where the
    student attends, ``attention_*.png`` of some of them.

    Args:
        config (Path): Config that the student was trained with.
        checkpoint (Path): The trained student.
        out (Path): Folder to write to.
        before (Path | None): An earlier checkpoint to compare with; None takes the student as the
            config initialises it.
        teacher (Path | None): Config that holds the teacher; None takes ``config``.
        split (str): Which images: 'val' or 'test'.
        images (int): How many to compare features on, evenly spread over the split.
        shown (int): How many of those to draw.

    Returns:
        dict[str, dict[str, list[float]]]: What :func:`similarity_by_level` found, 'before' and
        'after'.

    Raises:
        FileNotFoundError: If a file is not there.
        ValueError: If a checkpoint does not fit, there is no teacher, or it does not pair with the
            student.
    """
    settings = Config.fromfile(config)
    with DefaultScope.overwrite_default_scope('mmseg'):
        students = {
            BEFORE: load_deployed(config, before).model if before else _initial(settings),
            AFTER: load_deployed(config, checkpoint).model,
        }
        for student in students.values():
            student.to(get_device())
        taught_by = teacher_of(teacher or config, students[AFTER])
        batches = choose(DATASETS.build(settings[f'{split}_dataloader'].dataset), images)
    found: Similarity = {}
    for name, student in students.items():
        print(f'{name} training', flush=True)
        seen = track_iter_progress(batches)
        found[name] = similarity_by_level(student, taught_by, seen, len(batches))
        print()
    drawn = batches[:: max(1, len(batches) // shown)][:shown] if shown else []
    for image in coloured(students, taught_by, drawn):
        write_figure(draw_maps(*image), out / f'maps_{image.name}.png')
    for batch in drawn:
        _draw_attention(students[AFTER], batch, out)
    write_figure(draw_similarity(found), out / 'similarity.png')
    write_json(out / 'similarity.json', found, indent=1)
    return found


def _initial(config: Config) -> EncoderDecoder:
    """Build a student as a run starts from it, with what is pretrained and the config's seed."""
    options = {k: v for k, v in config.model.items() if k not in TRANSFER}
    set_random_seed(config.get('randomness', {}).get('seed', 0))
    # it would list every parameter
    MMLogger.get_current_instance().setLevel('WARNING')
    model = MODELS.build(options)
    model.init_weights()
    return model


def teacher_of(path: Path, student: EncoderDecoder) -> FrozenTeacher:
    """Build the teacher of a config for a student, which tells how inputs are normalised."""
    teacher = Config.fromfile(path).model.get('teacher')
    if not teacher:
        raise ValueError(
            f'{path}: expected a model.teacher to compare with, found none; --teacher names a '
            'config that has one'
        )
    if not isinstance(teacher, dict):
        raise ValueError(
            f'{path}: expected one model.teacher to compare with, found {len(teacher)}; --teacher '
            'names a config with one of them'
        )
    return FrozenTeacher(teacher, student.data_preprocessor)


def _draw_attention(student: EncoderDecoder, batch: dict, out: Path) -> None:
    """Draw what the middle window of an image attends to, if the student attends."""
    inputs, (rows, columns) = windows(student, batch)
    row, column = rows // 2, columns // 2
    levels = attention_by_level(student, inputs[row * columns + column][None])
    if not levels:
        return
    picture = covered(student, batch)
    height, width = picture.shape[0] // rows, picture.shape[1] // columns
    window = picture[row * height :, column * width :][:height, :width]
    name = Path(batch['data_samples'][0].img_path).stem
    write_figure(draw_attention(window, levels), out / f'attention_{name}.png')


def describe(found: Similarity) -> str:
    """Lay similarities out as a table, a column a level."""
    depth = len(found[AFTER]['backbone.cka'])
    rows = [['', '', *(f'level {level}' for level in range(depth))]]
    for name in found[AFTER]:
        for version, measures in found.items():
            rows.append([name, version, *(f'{value:.3f}' for value in measures[name])])
    return aligned(rows)

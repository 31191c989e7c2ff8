"""Computing a cache: by shards, so that it can be shared by ranks and resumed after a kill."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import barrier, get_rank, get_world_size
from mmengine.utils import track_iter_progress
from mmseg.registry import DATASETS, MODELS

from ktda_mmseg.fileio import remove_partial
from ktda_mmseg.models import FrozenTeacher

from .store import INDEX, Shard, TeacherCache
from .views import check_steps, views_of

BATCH = 8


def build_cache(config: Config, images_per_shard: int = 16) -> TeacherCache:
    """Compute the teacher's maps of all views that the training pipeline can make.

    A shard that a former run has finished is kept if teacher and pixels are the same.

    Args:
        config (Config): Its training pipeline holds ``LoadTeacherMaps``, which names the folder.
        images_per_shard (int): Images whose views share a file.

    Returns:
        TeacherCache: The finished cache.

    Raises:
        ValueError: If the pipeline has no ``LoadTeacherMaps`` or views that cannot be listed, or
            the model no teacher.
    """
    loading, steps, folder = split_pipeline(config.train_dataloader.dataset.pipeline)
    check_steps(steps)
    if not config.model.get('teacher'):
        raise ValueError('expected a model.teacher to compute maps of, got none')
    preprocessor = MODELS.build(config.model.data_preprocessor)
    teacher = FrozenTeacher(config.model.teacher, preprocessor)
    source = teacher.source()
    staging = folder / source[:16]
    staging.mkdir(parents=True, exist_ok=True)
    dataset = DATASETS.build(dict(config.train_dataloader.dataset, pipeline=[loading]))
    starts = range(0, len(dataset), images_per_shard)
    names = [f'{source[:16]}/shard_{start // images_per_shard:05d}.npy' for start in starts]
    if get_rank() == 0:
        (folder / INDEX).unlink(missing_ok=True)
        remove_partial(folder)
    barrier()
    mine = list(zip(starts, names, strict=True))[get_rank() :: get_world_size()]
    for start, name in track_iter_progress(mine):
        images = (
            dataset[index]['img']
            for index in range(start, min(start + images_per_shard, len(dataset)))
        )
        views = {key: view for image in images for key, view in views_of(image, steps).items()}
        if not _holds(folder / name, views):
            maps = _maps(teacher, preprocessor.to(get_device()), list(views.values()))
            Shard.write(folder / name, dict(zip(views, maps, strict=True)))
    barrier()
    if get_rank() == 0:
        TeacherCache.finish(folder, source, names, teacher.fingerprint())
        for other in folder.iterdir():
            if other.is_dir() and other != staging:
                shutil.rmtree(other)
    barrier()
    return TeacherCache(folder)


def describe(cache: TeacherCache) -> str:
    """Say in one line what a cache holds and takes on disk."""
    size = sum(path.stat().st_size for path in cache.folder.rglob('*.npy'))
    return (
        f'{cache.folder}: {len(cache)} views, {size / 2**30:.2f} GiB, '
        f'{size / len(cache) / 2**20:.2f} MiB a view'
    )


def split_pipeline(
    pipeline: Sequence[dict[str, Any]],
) -> tuple[dict[str, Any], list[dict[str, Any]], Path]:
    """Find the step that loads images, the steps up to ``LoadTeacherMaps``, and its folder.

    Raises:
        ValueError: If there is no such step.
    """
    types = [step['type'] for step in pipeline]
    if 'LoadTeacherMaps' not in types:
        raise ValueError(f'expected LoadTeacherMaps in the training pipeline, got {types}')
    end = types.index('LoadTeacherMaps')
    loading = next(i for i, name in enumerate(types) if name.startswith('Load'))
    steps = [step for i, step in enumerate(pipeline[:end]) if i != loading]
    return pipeline[loading], steps, Path(pipeline[end]['cache'])


def _holds(path: Path, views: dict[str, np.ndarray]) -> bool:
    """Tell whether a shard is there, whole, and of these views."""
    try:
        return Shard(path).shapes.keys() == views.keys()
    except (OSError, ValueError):
        return False


def _maps(
    teacher: FrozenTeacher, preprocessor: torch.nn.Module, views: Sequence[np.ndarray]
) -> Iterator[list[np.ndarray]]:
    size = getattr(preprocessor, 'size', None)
    for start in range(0, len(views), BATCH):
        for same_size in _by_size(views[start : start + BATCH]):
            if size is not None and same_size[0].shape[:2] != tuple(size):
                raise ValueError(
                    f'expected tiles of data_preprocessor.size {tuple(size)}, to which training '
                    f'pads, got {same_size[0].shape[:2]}'
                )
            tensors = [
                torch.from_numpy(np.ascontiguousarray(view.transpose(2, 0, 1)))
                for view in same_size
            ]
            inputs = preprocessor(dict(inputs=tensors))['inputs']
            levels = [level.half().cpu().numpy() for level in teacher(inputs)]
            yield from ([level[i] for level in levels] for i in range(len(same_size)))


def _by_size(views: Sequence[np.ndarray]) -> Iterator[list[np.ndarray]]:
    """Group neighbours of one shape, keeping their order."""
    group: list[np.ndarray] = []
    for view in views:
        if group and group[0].shape != view.shape:
            yield group
            group = []
        group.append(view)
    yield group

"""Computing a cache: by shards, so that workers can share it and a killed run goes on."""

import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, MODELS
from torch.utils.data import ConcatDataset

from ktda_mmseg.checkpoints.presence import require_weights
from ktda_mmseg.models import FrozenTeacher
from ktda_mmseg.utils.files import remove_partial
from ktda_mmseg.utils.input_bands import teacher_configs
from ktda_mmseg.utils.pipelines import datasets_in, steps_in
from ktda_mmseg.utils.precision import warn_if_bfloat16_is_slower
from ktda_mmseg.utils.workers import HERE, Workers

from .store import INDEX, Shard, TeacherCache
from .views import check_steps, views_of

BATCH = 8
TRACKING = 'TrackPixels'


def build_caches(
    config: Config,
    images_per_shard: int = 16,
    dtype: torch.dtype | None = None,
    overwrite: bool = False,
    workers: Workers = HERE,
) -> list[TeacherCache]:
    """Compute the maps of a config's teachers, of all views that the training pipeline can make.

    Behind ``TrackPixels`` that is each image as a whole. A shard that a former run has finished is
    kept if teacher and pixels are the same.

    Args:
        config (Config): Its training pipeline holds ``LoadTeacherMaps``, which names the folder of
            each teacher; that of each data set where several are trained on.
        images_per_shard (int): Images whose views share a file.
        dtype (torch.dtype | None): Type that the teachers' products are computed in; None for
            float32. Default: None.
        overwrite (bool): Whether a cache of other images may be replaced. Default: False.
        workers (Workers): Who computes. Default: this process.

    Returns:
        list[TeacherCache]: The finished cache of each teacher.

    Raises:
        ValueError: If the pipeline has no ``LoadTeacherMaps`` or views that cannot be listed, data
            sets have unlike ones, the model has not a teacher for each folder, or a folder holds
            the cache of other images.
    """
    if dtype == torch.bfloat16:
        warn_if_bfloat16_is_slower()
    # a transform that loads others looks for them here
    init_default_scope('mmseg')
    parts = [*datasets_in(config.train_dataloader.dataset)]
    loading, steps, folders = split_pipeline(parts[0]['pipeline'])
    for index, part in enumerate(parts):
        if split_pipeline(part['pipeline']) != (loading, steps, folders):
            raise ValueError(
                'expected all data sets of train_dataloader to have the pipeline of the first, up '
                f'to LoadTeacherMaps, found another in the one of index {index}'
            )
    check_steps(steps)
    teachers = teacher_configs(config.model.get('teacher'))
    if len(teachers) != len(folders):
        raise ValueError(
            f'expected a model.teacher for each folder in LoadTeacherMaps.cache, {len(folders)}, '
            f'got {len(teachers)}'
        )
    require_weights(config, 'model.teacher')
    images = [DATASETS.build(dict(part, pipeline=[loading])) for part in parts]
    views = Views(ConcatDataset(images), steps, images_per_shard)
    if not overwrite:
        for folder in folders:
            _check_is_of(folder, views)
    preprocessor = MODELS.build(config.model.data_preprocessor)
    return [
        _build(FrozenTeacher(teacher, preprocessor), folder, views, preprocessor, dtype, workers)
        for teacher, folder in zip(teachers, folders, strict=True)
    ]


def _check_is_of(folder: Path, views: 'Views') -> None:
    """Refuse a folder whose finished cache knows none of the views: it is of another data set."""
    try:
        cache = TeacherCache(folder)
    except (OSError, ValueError):  # none, or not whole
        return
    if not any(key in cache for index in range(len(views)) for key in views[index]):
        raise ValueError(
            f'{folder}: expected no cache or one of these images, got one of {len(cache)} other '
            'views; name a folder of its own in LoadTeacherMaps.cache, or replace it with '
            '--overwrite'
        )


def _build(
    teacher: FrozenTeacher,
    folder: Path,
    views: 'Views',
    preprocessor: torch.nn.Module,
    dtype: torch.dtype | None,
    workers: Workers,
) -> TeacherCache:
    """Compute the cache of one teacher."""
    source = teacher.source()
    staging = folder / source[:16]
    staging.mkdir(parents=True, exist_ok=True)
    names = [f'{source[:16]}/shard_{index:05d}.npy' for index in range(len(views))]
    (folder / INDEX).unlink(missing_ok=True)
    remove_partial(folder)
    # workers get the teacher itself, since one of random weights cannot be made again
    write = partial(_write_shard, teacher, preprocessor, views, dtype)
    for _ in workers.map(write, [folder / name for name in names], unit='shard'):
        pass
    remove_partial(folder)  # of workers that died
    TeacherCache.finish(folder, source, names, teacher.fingerprint())
    for other in folder.iterdir():
        if other.is_dir() and other != staging:
            shutil.rmtree(other)
    return TeacherCache(folder)


def _write_shard(
    teacher: FrozenTeacher,
    preprocessor: torch.nn.Module,
    views: 'Views',
    dtype: torch.dtype | None,
    path: Path,
) -> None:
    """Compute a shard, if it is not there."""
    init_default_scope('mmseg')  # a transform that loads others looks for them here
    shard = views[int(path.stem.removeprefix('shard_'))]
    if _holds(path, shard):
        return
    device = get_device()
    with torch.autocast(device, dtype, enabled=dtype is not None):
        maps = _maps(teacher, preprocessor.to(device), list(shard.values()), views.tracked)
        Shard.write(path, dict(zip(shard, maps, strict=True)))


class Views:
    """The views of images, a shard at a time.

    Args:
        images (ConcatDataset): Samples with ``img``.
        steps (Sequence[dict]): What makes views of them.
        images_per_shard (int): Images whose views share a file.
    """

    def __init__(
        self, images: ConcatDataset, steps: Sequence[dict[str, Any]], images_per_shard: int
    ) -> None:
        self.images, self.steps = images, steps
        self.starts = range(0, len(images), images_per_shard)
        self.tracked = any(step['type'] == TRACKING for step in steps)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        """Return the views of a shard by their keys."""
        start = self.starts[index]
        part = range(start, min(start + self.starts.step, len(self.images)))
        return {
            key: view
            for image in part
            for key, view in views_of(self.images[image]['img'], self.steps).items()
        }


def describe(cache: TeacherCache) -> str:
    """Say in one line what a cache holds and takes on disk."""
    size = sum(path.stat().st_size for path in cache.folder.rglob('*.npy'))
    return (
        f'{cache.folder}: {len(cache)} views, {size / 2**30:.2f} GiB, '
        f'{size / len(cache) / 2**20:.2f} MiB a view'
    )


def split_pipeline(
    pipeline: Sequence[dict[str, Any]],
) -> tuple[dict[str, Any], list[dict[str, Any]], list[Path]]:
    """Find the step that loads images, the steps up to ``LoadTeacherMaps``, and its folders.

    Behind ``TrackPixels`` none is listed: whatever the view, the teacher sees the whole image.

    Raises:
        ValueError: If there is no ``LoadTeacherMaps``.
    """
    pipeline = list(steps_in(pipeline))
    types = [step['type'] for step in pipeline]
    if 'LoadTeacherMaps' not in types:
        raise ValueError(f'expected LoadTeacherMaps in the training pipeline, got {types}')
    end = types.index('LoadTeacherMaps')
    loading = next(i for i, name in enumerate(types) if name.startswith('Load'))
    until = types.index(TRACKING) + 1 if TRACKING in types[:end] else end
    steps = [step for i, step in enumerate(pipeline[:until]) if i != loading]
    cache = pipeline[end]['cache']
    folders = [Path(folder) for folder in ([cache] if isinstance(cache, str) else cache)]
    return pipeline[loading], steps, folders


def _holds(path: Path, views: dict[str, np.ndarray]) -> bool:
    """Tell whether a shard is there, whole, and of these views."""
    try:
        return Shard(path).shapes.keys() == views.keys()
    except (OSError, ValueError):
        return False


def _maps(
    teacher: FrozenTeacher,
    preprocessor: torch.nn.Module,
    views: Sequence[np.ndarray],
    tracked: bool,
) -> Iterator[list[np.ndarray]]:
    # a view is padded as in training, a whole image is not trained on as it is
    size = None if tracked else getattr(preprocessor, 'size', None)
    batch = 1 if tracked else BATCH
    for start in range(0, len(views), batch):
        for same_size in _by_size(views[start : start + batch]):
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

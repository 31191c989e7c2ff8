"""Reading the cache as steps of the training pipeline, turned as a crop of the image is."""

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmcv.transforms import BaseTransform
from mmseg.datasets.transforms import PackSegInputs
from mmseg.registry import TRANSFORMS
from torch.utils.data import Dataset

from ktda_mmseg.datasets import SampleError
from ktda_mmseg.models.fam import one_a_level
from ktda_mmseg.models.teacher_maps import MAPS, SHAPES, SOURCE, attach_maps
from ktda_mmseg.utils.pipelines import datasets_in, steps_in

from .store import Shapes, TeacherCache, content_key


def sample_maps(
    levels: Sequence[np.ndarray],
    pixels: np.ndarray,
    whole: tuple[int, int],
    patch_size: int | Sequence[int] | None = None,
) -> list[np.ndarray]:
    """Read maps ``(C_i, H_i, W_i)`` of a whole image bilinearly at the centres of a view's cells.

    ``pixels`` ``(h, w)`` says which pixel of the ``whole`` image (height, width), counted row by
    row, each pixel of the view is. Cells have ``patch_size`` pixels a side, or are those of the
    maps. Returns float16.
    """
    if patch_size is None:
        cells = [tuple(s / m for s, m in zip(whole, x.shape[1:], strict=True)) for x in levels]
        grids = [
            [max(1, round(s / c)) for s, c in zip(pixels.shape, x, strict=True)] for x in cells
        ]
    else:
        sizes = one_a_level('LoadTeacherMaps.patch_size', patch_size, len(levels))
        grids = [[math.ceil(side / size) for side in pixels.shape] for size in sizes]
    return [_sample(level, pixels, whole, grid) for level, grid in zip(levels, grids, strict=True)]


def split_levels(flat: np.ndarray, shapes: Shapes) -> Iterator[np.ndarray]:
    """Divide maps that lie end to end into levels ``(C_i, H_i, W_i)``, without a copy."""
    start = 0
    for shape in shapes:
        length = math.prod(shape)
        yield flat[start : start + length].reshape(shape)
        start += length


def _sample(
    level: np.ndarray, pixels: np.ndarray, whole: tuple[int, int], grid: Sequence[int]
) -> np.ndarray:
    height, width = pixels.shape
    corners = np.array([pixels[0, 0], pixels[-1, 0], pixels[0, -1]])
    places = np.stack(np.divmod(corners, whole[1]), axis=1).astype(float)  # rows and columns
    down = (places[1] - places[0]) / max(1, height - 1)  # a step down in the view
    right = (places[2] - places[0]) / max(1, width - 1)
    rows, columns = (
        (np.arange(cells) + 0.5) * side / cells - 0.5
        for side, cells in zip(pixels.shape, grid, strict=True)
    )
    at = places[0] + rows[:, None, None] * down + columns[None, :, None] * right
    at = (at + 0.5) * (np.array(level.shape[1:]) / whole) - 0.5  # in cells of the map
    low = np.clip(np.floor(at.min((0, 1))).astype(int), 0, None)
    high = np.ceil(at.max((0, 1))).astype(int) + 1
    part = level[:, low[0] : high[0], low[1] : high[1]]
    place = 2 * (at - low + 0.5) / part.shape[1:] - 1
    found = F.grid_sample(
        torch.from_numpy(part.astype(np.float32))[None],
        torch.from_numpy(place[None, :, :, ::-1].astype(np.float32)),
        mode='bilinear',
        padding_mode='border',
        align_corners=False,
    )
    return found[0].numpy().astype(np.float16)


KEY, WHOLE, PIXELS = 'whole_image', 'whole_shape', 'pixel_index'


@TRANSFORMS.register_module()
class TrackPixels(BaseTransform):
    """Number the pixels of the whole image, so that a crop of it knows where it lies.

    Place it behind loading; crops, flips and turns then act on the numbers as they do on labels,
    and :class:`LoadTeacherMaps` reads from the maps of the whole image what the crop shows.

    Required key: img. Added keys: pixel_index (H, W), int32, in seg_fields; whole_image, its
    content key; whole_shape.
    """

    def transform(self, results: dict) -> dict:
        """Return the sample with its pixels numbered."""
        height, width = results['img'].shape[:2]
        results[PIXELS] = np.arange(height * width, dtype=np.int32).reshape(height, width)
        results['seg_fields'] = [*results.get('seg_fields', []), PIXELS]
        results[KEY] = content_key(results['img'])
        results[WHOLE] = (height, width)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'


@TRANSFORMS.register_module()
class LoadTeacherMaps(BaseTransform):
    """Find the teacher's maps of the view that the transforms before it have made.

    Place it behind flips, quarter turns and crops, and before what changes colours: the teacher has
    seen the image without that. A view is known by its pixels, so maps of another image, crop or
    turn are never served. With :class:`TrackPixels` before them, crops and turns may be random: the
    maps of the whole image are then read where the view lies, turned as it is.

    Required key: img. Added keys: teacher_maps (1-D float16, all levels end to end),
    teacher_shapes, teacher_source; none of them while ``reading`` is false, see
    :func:`read_maps`.

    Args:
        cache (str | Sequence[str]): Folder that ``tools/cache_teacher.py`` has made; one for each
            of several teachers, in their order.
        patch_size (int | Sequence[int] | None): Side in pixels, one for all levels or one a level,
            of the cells in which tracked views are read, as ``FAM`` has it; None for that of the
            teacher's own maps.
    """

    def __init__(
        self, cache: str | Sequence[str], patch_size: int | Sequence[int] | None = None
    ) -> None:
        self.folders = [Path(cache)] if isinstance(cache, str) else [Path(path) for path in cache]
        self.patch_size = patch_size
        # in memory that the loader's workers see too, which have a copy of everything else
        self.reading = torch.ones((), dtype=torch.bool).share_memory_()

    @cached_property
    def caches(self) -> list[TeacherCache]:
        """The caches, opened at the first sample, so in every worker by themselves."""
        return [TeacherCache(folder) for folder in self.folders]

    def transform(self, results: dict) -> dict:
        """Return the sample with its maps."""
        if not self.reading:
            return results
        key = results.get(KEY) or content_key(results['img'])
        found = [self._read(cache, key, results.get('img_path')) for cache in self.caches]
        shapes = tuple(shape for _, shapes in found for shape in shapes)
        maps = [flat for flat, _ in found]
        if PIXELS in results:
            levels = [level for part in found for level in split_levels(*part)]
            levels = sample_maps(levels, results[PIXELS], results[WHOLE], self.patch_size)
            shapes = tuple(level.shape for level in levels)
            maps = [level.ravel() for level in levels]
        results[MAPS], results[SHAPES] = np.concatenate(maps), shapes
        results[SOURCE] = ' '.join(cache.source for cache in self.caches)
        return results

    @staticmethod
    def _read(cache: TeacherCache, key: str, path: str | None) -> tuple[np.ndarray, Shapes]:
        found = cache.read(key)
        if found is None:
            raise SampleError(
                f'{path}: expected its maps in the teacher cache {cache.folder}, '
                'found none for this view; the cache is of other images, or the image or the '
                'pipeline has changed: run `ktda cache CONFIG` again'
            )
        return found

    def __repr__(self) -> str:
        folders = [str(folder) for folder in self.folders]
        return f'{type(self).__name__}(cache={folders!r}, patch_size={self.patch_size!r})'


@TRANSFORMS.register_module()
class PackTransferInputs(PackSegInputs):
    """``PackSegInputs`` that hands on what :class:`LoadTeacherMaps` found."""

    def transform(self, results: dict) -> dict:
        """Pack image, labels and maps, if there are any."""
        packed = super().transform(results)
        if MAPS not in results:
            return packed
        maps = torch.from_numpy(results[MAPS])
        attach_maps(packed['data_samples'], maps, results[SHAPES], results[SOURCE])
        return packed


def read_maps(dataset: Dataset, wanted: bool) -> None:
    """Let every :class:`LoadTeacherMaps` of a data set read its cache from now on, or no more.

    That holds in the workers of a loader too, whichever way they were started; batches that they
    have prepared already stay as they are.

    Args:
        dataset (Dataset): Built, of whatever wrappers.
        wanted (bool): Whether maps are needed.
    """
    for part in datasets_in(dataset):
        pipeline = getattr(part, 'pipeline', None)
        for step in steps_in(getattr(pipeline, 'transforms', ())):
            if isinstance(step, LoadTeacherMaps):
                step.reading.fill_(wanted)

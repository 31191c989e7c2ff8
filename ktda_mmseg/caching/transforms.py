"""Reading the cache as steps of the training pipeline."""

from functools import cached_property
from pathlib import Path

import torch
from mmcv.transforms import BaseTransform
from mmseg.datasets.transforms import PackSegInputs
from mmseg.registry import TRANSFORMS

from ktda_mmseg.datasets import SampleError

from .store import TeacherCache, content_key

MAPS, SHAPES, SOURCE = 'teacher_maps', 'teacher_shapes', 'teacher_source'


@TRANSFORMS.register_module()
class LoadTeacherMaps(BaseTransform):
    """Find the teacher's maps of the view that the transforms before it have made.

    Place it behind flips, quarter turns and fixed crops, and before what changes colours: the
    teacher has seen the image without that. A view is known by its pixels, so maps of another
    image, crop or turn are never served.

    Required key: img. Added keys: teacher_maps (1-D float16, all levels end to end),
    teacher_shapes, teacher_source.

    Args:
        cache (str): Folder that ``tools/cache_teacher.py`` has made.
    """

    def __init__(self, cache: str) -> None:
        self.folder = Path(cache)

    @cached_property
    def cache(self) -> TeacherCache:
        """The cache, opened at the first sample, so in every worker by itself."""
        return TeacherCache(self.folder)

    def transform(self, results: dict) -> dict:
        """Return the sample with its maps.

        Args:
            results (dict): The sample; ``img`` is (H, W, C).

        Returns:
            dict: ``results``.

        Raises:
            FileNotFoundError: If the cache is not there or not finished.
            SampleError: If it does not hold this view.
        """
        found = self.cache.read(content_key(results['img']))
        if found is None:
            raise SampleError(
                f'{results.get("img_path")}: expected its maps in the teacher cache {self.folder}, '
                'found none for this view; the image or the pipeline has changed: run '
                'tools/cache_teacher.py CONFIG again'
            )
        results[MAPS], results[SHAPES] = found
        results[SOURCE] = self.cache.source
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(cache={str(self.folder)!r})'


@TRANSFORMS.register_module()
class PackTransferInputs(PackSegInputs):
    """``PackSegInputs`` that hands on what :class:`LoadTeacherMaps` found."""

    def transform(self, results: dict) -> dict:
        """Pack image, labels and maps.

        Args:
            results (dict): The sample, with the keys of ``LoadTeacherMaps``.

        Returns:
            dict: ``inputs`` and ``data_samples``.
        """
        packed = super().transform(results)
        sample = packed['data_samples']
        sample.set_metainfo({SHAPES: results[SHAPES], SOURCE: results[SOURCE]})
        # a copy: the cache is read-only memory
        sample.set_data({MAPS: torch.from_numpy(results[MAPS].copy())})
        return packed

"""Crops that show rare classes more often than chance would."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmseg.datasets.transforms import RandomCrop
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ClassCrop(RandomCrop):
    """``RandomCrop`` of which a share is cut around a pixel of a class drawn beforehand.

    Each class that the image holds is as likely as the others, and each of its pixels. No counts
    of a whole data set are needed. Source: the idea is the rare-class sampling of DAFormer
    (arXiv 2111.14887), which draws images by the classes in them.

    Required keys: img, gt_seg_map. Modified keys: those of ``RandomCrop``.

    Args:
        crop_size (Sequence[int]): Height and width.
        share (float): Share of such crops, from 0 to 1; the others are anywhere.
        **kwargs: Further arguments of ``RandomCrop``.

    Raises:
        ValueError: If ``share`` is not from 0 to 1.
    """

    def __init__(
        self,
        crop_size: Sequence[int],
        share: float = 0.5,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(tuple(crop_size), **kwargs)
        if not 0 <= share <= 1:
            raise ValueError(f'ClassCrop: expected a share from 0 to 1, got {share}')
        self.share = share

    @cache_randomness
    def crop_bbox(self, results: dict) -> tuple[int, int, int, int]:
        """Draw top, bottom, left and right of the crop."""
        labels = results['gt_seg_map']
        classes = np.setdiff1d(labels, [self.ignore_index])
        if np.random.rand() >= self.share or not len(classes):
            return super().crop_bbox(results)
        rows, columns = np.nonzero(labels == np.random.choice(classes))
        pixel = np.random.randint(len(rows))
        top, left = (
            self._start(place, side, length)
            for place, side, length in zip(
                (rows[pixel], columns[pixel]), self.crop_size, labels.shape, strict=True
            )
        )
        return top, top + self.crop_size[0], left, left + self.crop_size[1]

    @staticmethod
    def _start(place: int, side: int, length: int) -> int:
        """Draw where a side starts so that it holds the place and stays inside the image."""
        first = max(0, min(place, length) - side + 1)
        last = max(0, min(place, length - side))
        return np.random.randint(min(first, last), last + 1)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(crop_size={self.crop_size}, share={self.share})'

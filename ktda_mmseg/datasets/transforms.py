"""Augmentations for images of any number of bands; flips and resizes are mmseg's."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmseg.datasets.transforms import RandomCrop
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomRotate90(BaseTransform):
    """Rotate image and labels by 0, 90, 180 or 270 degrees, each as likely as the others.

    Every pixel is kept as it is; mmseg's ``RandomRotate`` interpolates them and leaves corners
    empty. Images that are not square change their shape: crop them first if a batch needs one.

    Required key: img. Modified keys: img, img_shape, and what ``seg_fields`` names.
    """

    def transform(self, results: dict) -> dict:
        """Return the sample, turned counterclockwise by the number of quarters drawn."""
        quarters = self._draw()
        for key in ('img', *results.get('seg_fields', [])):
            results[key] = np.rot90(results[key], quarters)
        results['img_shape'] = results['img'].shape[:2]
        return results

    @cache_randomness
    def _draw(self) -> int:
        return np.random.randint(4)


@TRANSFORMS.register_module()
class BandJitter(BaseTransform):
    """Vary each band by a gain and an offset of its own: ``value * (1 + g) + o``.

    This is what haze, sun angle and calibration do to a band; ``PhotoMetricDistortion`` thinks in
    hues of 8-bit RGB. ``g`` and ``o`` are uniform in ±gain and ±offset.

    Required and modified key: img, (H, W, C) or (H, W), which becomes float32.

    Args:
        gain (float | Sequence[float]): Largest relative change, for all or for each band.
        offset (float | Sequence[float]): Largest shift in the units of the image, likewise.

    Raises:
        ValueError: If a value is negative.
    """

    def __init__(
        self, gain: float | Sequence[float] = 0.1, offset: float | Sequence[float] = 0.0
    ) -> None:
        for name, value in dict(gain=gain, offset=offset).items():
            if np.min(value) < 0:
                raise ValueError(f'BandJitter: expected {name} of at least 0, got {value}')
        self.gain = gain
        self.offset = offset

    def transform(self, results: dict) -> dict:
        """Return the sample with its image changed.

        Raises:
            ValueError: If ``gain`` or ``offset`` are not as many as the bands.
        """
        image = results['img']
        bands = 1 if image.ndim == 2 else image.shape[2]
        for name in ('gain', 'offset'):
            count = np.size(getattr(self, name))
            if count not in (1, bands):
                raise ValueError(
                    f'BandJitter: expected {name} as a number or as one for each of the {bands} '
                    f'bands, got {count} values'
                )
        gain, offset = self._draw(bands)
        gain, offset = (1 + gain * self.gain, offset * self.offset)
        results['img'] = image * gain.astype(np.float32) + offset.astype(np.float32)
        return results

    @cache_randomness
    def _draw(self, bands: int) -> np.ndarray:
        return np.random.uniform(-1, 1, (2, bands))

    def __repr__(self) -> str:
        return f'{type(self).__name__}(gain={self.gain}, offset={self.offset})'


@TRANSFORMS.register_module()
class RandomCoarsen(BaseTransform):
    """Show images as ``--gsd`` shows scenes of larger pixels: averaged, then interpolated back.

    Details get lost, sizes in pixels stay. Pixels are averaged whether they hold data or not.

    Required and modified key: img, (H, W, C) or (H, W). It becomes float32; labels stay.

    Args:
        largest (float): Most that a pixel grows; each growth from 1 to it is as likely.
        prob (float): Share of the images to change, from 0 to 1.

    Raises:
        ValueError: If ``largest`` is below 1 or ``prob`` not from 0 to 1.
    """

    def __init__(self, largest: float = 2.0, prob: float = 0.5) -> None:
        if largest < 1 or not 0 <= prob <= 1:
            raise ValueError(
                'RandomCoarsen: expected largest of at least 1 and prob from 0 to 1, got '
                f'{largest} and {prob}'
            )
        self.largest = largest
        self.prob = prob

    def transform(self, results: dict) -> dict:
        """Return the sample with its image changed, or as it is."""
        image = results['img']
        height, width = image.shape[:2]
        factor = self._draw()
        coarse = (max(1, round(width / factor)), max(1, round(height / factor)))
        bands = []  # one by one: OpenCV averages four at the most
        for band in np.moveaxis(image.reshape(height, width, -1).astype(np.float32), -1, 0):
            averaged = cv2.resize(band, coarse, interpolation=cv2.INTER_AREA)
            bands.append(cv2.resize(averaged, (width, height), interpolation=cv2.INTER_LINEAR))
        results['img'] = np.stack(bands, axis=-1).reshape(image.shape)
        return results

    @cache_randomness
    def _draw(self) -> float:
        return np.random.uniform(1, self.largest) if np.random.rand() < self.prob else 1.0

    def __repr__(self) -> str:
        return f'{type(self).__name__}(largest={self.largest}, prob={self.prob})'


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

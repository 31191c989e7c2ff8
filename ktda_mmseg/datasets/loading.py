"""Loading rasters of any number of bands, ignoring empty pixels, and keeping what was loaded."""

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

import mmengine.fileio as fileio
import numpy as np
from mmcv.transforms import BaseTransform, Compose
from mmseg.datasets import transforms
from mmseg.registry import TRANSFORMS

from ..raster.files import ANY, Nodata, numbers
from ..raster.imagery import open_image
from .checks import SampleError

IGNORE = 255
GIB = 2**30


@TRANSFORMS.register_module()
class LoadRasterFromFile(BaseTransform):
    """Load bands of a GeoTIFF, or of any raster that GDAL reads, as float32.

    Bands come in the order of the file, where ``LoadImageFromFile`` puts blue before red: leave
    ``bgr_to_rgb`` of the data preprocessor off. A stored value becomes ``value * scale + offset``.
    An image with a colour table becomes red, green and blue.

    Pixels without data are those of GDAL's dataset mask, and those without a number in any loaded
    band (:func:`ktda_mmseg.raster.files.read_valid`). They are marked in ``nodata_mask`` and get
    ``fill`` in all bands; :class:`IgnoreNodata` takes them out of the labels. Where only some bands
    are NaN or infinite, these get ``fill`` and the pixel keeps its label: the model sees numbers
    only.

    Required key: img_path. Added keys: img (H, W, C), img_shape, ori_shape, nodata_mask (H, W).

    Args:
        bands (Sequence[int] | None): Bands to load, in this order, counted from 1 as GDAL does.
            None takes all. Default: None.
        scale (float | Sequence[float]): Factor, for all or for each of the loaded bands.
        offset (float | Sequence[float]): What is added after it, likewise.
        nodata (float | str | None): Stored value that stands for what the files state; 'any' makes
            a pixel empty where a single loaded band holds the stated value or no number; None
            goes by the file. A mask in the file outranks a value. Default: None.
        fill (float | Sequence[float]): What such pixels get, after scaling; the means of the data
            preprocessor make them 0 in the model. Default: 0.
        backend_args (dict | None): Arguments of mmengine's file backend.

    Raises:
        ValueError: If a band is below 1, or ``nodata`` is another word.
    """

    def __init__(
        self,
        bands: Sequence[int] | None = None,
        scale: float | Sequence[float] = 1.0,
        offset: float | Sequence[float] = 0.0,
        nodata: Nodata = None,
        fill: float | Sequence[float] = 0.0,
        backend_args: dict | None = None,
    ) -> None:
        if bands is not None and (not bands or min(bands) < 1):
            raise ValueError(f'bands: expected numbers from 1, got {bands}')
        if isinstance(nodata, str) and nodata != ANY:
            raise ValueError(f"nodata: expected a number, 'any' or None, got {nodata!r}")
        self.bands = bands
        self.per_band = dict(scale=scale, offset=offset, fill=fill)
        self.nodata = nodata
        self.backend_args = backend_args

    def transform(self, results: dict) -> dict:
        """Load the image, its sizes (H, W) and its mask of empty pixels.

        A ``SampleError`` says that the file is missing, truncated or no raster, lacks a band or
        holds complex numbers, or that the values given for each band are not as many as its bands.
        """
        path = results['img_path']
        values, valid = self._read(path)
        scale, offset, fill = (
            self._of_bands(name, len(values), path) for name in ('scale', 'offset', 'fill')
        )
        present = numbers(values) & valid
        scaled = np.where(present, values, 0).astype(np.float32)
        scaled *= scale
        scaled += offset
        # bands stay in planes: the model takes them so, and work on a whole band is quick
        image = np.where(present, scaled, fill).transpose(1, 2, 0)
        results.update(img=image, img_shape=valid.shape, ori_shape=valid.shape, nodata_mask=~valid)
        return results

    def _read(self, path: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the stored values (C, H, W), and where there are data, (H, W)."""
        try:
            with (
                fileio.get_local_path(path, backend_args=self.backend_args) as local,
                open_image(Path(local)) as image,
            ):
                return image.read(self.bands, nodata=self.nodata)
        except (FileNotFoundError, ValueError) as error:
            raise SampleError(str(error)) from None

    def _of_bands(self, name: str, count: int, path: str) -> np.ndarray:
        values = np.asarray(self.per_band[name], np.float32)
        if values.ndim and len(values) != count:
            raise SampleError(
                f'{path}: expected {name} as a number or as one for each of the {count} bands, '
                f'got {len(values)} values'
            )
        return values.reshape(-1, 1, 1)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(bands={self.bands}, '
            + ', '.join(f'{name}={value}' for name, value in self.per_band.items())
            + f', nodata={self.nodata!r}, backend_args={self.backend_args})'
        )


@TRANSFORMS.register_module(force=True)
class LoadAnnotations(transforms.LoadAnnotations):
    """mmseg's, in its place; where an image has no labels, all of its pixels are ignored.

    Required keys: those of mmseg's; where ``seg_map_path`` is None, img instead. Added key:
    gt_seg_map (H, W). Used where present: ignore_index, otherwise 255.
    """

    def _load_seg_map(self, results: dict) -> None:
        if results['seg_map_path'] is not None:
            super()._load_seg_map(results)
            return
        ignored = results.get('ignore_index', IGNORE)
        results['gt_seg_map'] = np.full(results['img'].shape[:2], ignored, np.uint8)
        results['seg_fields'].append('gt_seg_map')


@TRANSFORMS.register_module()
class IgnoreNodata(BaseTransform):
    """Label pixels without data as ignored.

    It follows ``LoadRasterFromFile``, ``LoadAnnotations`` and ``CheckSample``, and comes before
    whatever moves pixels. Samples without labels pass.

    Required key: nodata_mask, which is removed. Modified: gt_seg_map. Used where present:
    ignore_index, otherwise 255.
    """

    def transform(self, results: dict) -> dict:
        """Return the sample with its labels changed in place."""
        empty = results.pop('nodata_mask')
        if 'gt_seg_map' in results:
            results['gt_seg_map'][empty] = results.get('ignore_index', IGNORE)
        return results


@TRANSFORMS.register_module()
class RememberSample(BaseTransform):
    """Run the transforms that load a sample once, and hand out copies of what they made after that.

    Training on small crops of compressed tiles spends much of its time on decoding: each step wants
    a few pixels of many tiles. What is remembered is counted for each worker that loads data; once
    it is full, other samples are loaded anew each time.

    Required key: img_path, which tells samples apart.

    Args:
        transforms (list[dict]): Transforms without anything random, such as loading and checking.
        max_gib (float): Memory for arrays, in GiB a worker.
    """

    def __init__(self, transforms: list[dict], max_gib: float = 2.0) -> None:
        self.transforms = Compose(transforms)
        self.free = int(max_gib * GIB)
        self.samples: dict[str, dict[str, Any]] = {}

    def transform(self, results: dict) -> dict:
        """Return the loaded sample; its arrays may be written to."""
        path = results['img_path']
        loaded = self.samples.get(path)
        if loaded is None:
            loaded = self.transforms(dict(results))
            size = sum(value.nbytes for value in loaded.values() if isinstance(value, np.ndarray))
            if size > self.free:
                return loaded
            self.free -= size
            self.samples[path] = loaded
        # the index belongs to the call, all else to the file
        copies = {key: copy(value) for key, value in loaded.items()}
        return {**copies, 'sample_idx': results.get('sample_idx')}

"""Loading rasters of any number of bands, and keeping their empty pixels out of the loss."""

from collections.abc import Sequence
from pathlib import Path

import mmengine.fileio as fileio
import numpy as np
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from ..raster.files import ANY, Nodata, numbers
from ..raster.imagery import open_image
from .checks import SampleError

IGNORE = 255


@TRANSFORMS.register_module()
class LoadRasterFromFile(BaseTransform):
    """Load bands of a GeoTIFF, or of any raster that GDAL reads, as float32.

    Bands come in the order of the file, where ``LoadImageFromFile`` puts blue before red: leave
    ``bgr_to_rgb`` of the data preprocessor off. A stored value becomes ``value * scale + offset``.
    An image with a colour table becomes red, green and blue.

    Pixels without data are those of GDAL's dataset mask, and those without a number in any loaded
    band (:func:`.preparation.raster_io.read_valid`). They are marked in ``nodata_mask`` and get
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
        """Load the image.

        Args:
            results (dict): The sample.

        Returns:
            dict: The sample with the image, its sizes (H, W) and its mask of empty pixels.

        Raises:
            ImportError: If rasterio is not installed.
            SampleError: If the file is missing, truncated or no raster, lacks a band or holds
                complex numbers, or the values given for each band are not as many as its bands.
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

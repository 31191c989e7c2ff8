"""Checks of one loaded sample; each fault becomes one sentence that names the file."""

import io
import os.path as osp

import mmengine.fileio as fileio
import numpy as np
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS
from PIL import Image, TiffImagePlugin

BITS_PER_SAMPLE, SAMPLES_PER_PIXEL = 258, 277  # tags of TIFF 6.0, section 8
BYTE_MODES = ('1', 'L', 'P')  # Pillow modes of at most 8 bits a pixel


class SampleError(ValueError):
    """A file of the data set that cannot be used; one sentence names it, and what was found.

    A data loader's worker wraps the traceback's text into a new exception of the same type; keeping
    what follows the last type name leaves the user the sentence alone, with workers and without.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.rsplit('SampleError: ', 1)[-1].strip())


def explain_undecodable(path: str, backend_args: dict | None = None) -> str | None:
    """Say in one sentence why an image or mask cannot be decoded; None where it can be."""
    try:
        content = fileio.get(path, backend_args=backend_args)
        with Image.open(io.BytesIO(content)) as image:
            image.load()
    except FileNotFoundError:
        return f'{path}: expected a file, found none'
    except Exception as error:  # Pillow raises OSError, SyntaxError, ValueError, struct.error ...
        found = str(error) if not isinstance(error, Image.UnidentifiedImageError) else ''
        found = found or _tiff_bands(content) or f'{len(content)} bytes that are truncated or none'
        return f'{path}: expected a complete 8-bit image that Pillow decodes, found {found}'
    return None


def _tiff_bands(content: bytes) -> str | None:
    """Describe a TIFF with more bands or bits than Pillow reads, None for anything else."""
    try:
        directory = TiffImagePlugin.ImageFileDirectory_v2(content[:8])
        stream = io.BytesIO(content)
        stream.seek(directory.next)
        directory.load(stream)
        bands, bits = directory[SAMPLES_PER_PIXEL], directory[BITS_PER_SAMPLE][0]
        return f'{bands} bands of {bits} bits, which LoadRasterFromFile reads'
    except Exception:  # not a TIFF, or one whose directory is cut off
        return None


@TRANSFORMS.register_module()
class CheckSample(BaseTransform):
    """Check bands, sizes and label values after loading, before anything is computed from them.

    It follows ``LoadRasterFromFile`` or ``LoadImageFromFile(color_type='unchanged',
    imdecode_backend='pillow')`` and, where there are labels, ``LoadAnnotations``, in a training or
    a test pipeline. The label check needs
    ``num_classes`` and ``ignore_index`` in the sample, which ``PairedSegDataset`` puts there.

    Required keys: img, ori_shape. Used where present: img_path, gt_seg_map, seg_map_path,
    num_classes, ignore_index.

    Args:
        bands (int | None): Number of image bands; None takes any. Default: 3.
    """

    def __init__(self, bands: int | None = 3) -> None:
        self.bands = bands

    def transform(self, results: dict) -> dict:
        """Return the sample, ``img`` (H, W) or (H, W, C) and ``gt_seg_map`` (H, W), unchanged.

        Raises:
            SampleError: If a band count, a size or a label value is not the expected one.
        """
        image = results['img']
        bands = 1 if image.ndim == 2 else image.shape[2]
        if self.bands is not None and bands != self.bands:
            path = results.get('img_path') or 'image array'
            raise SampleError(f'{path}: expected {self.bands} bands, found {bands}')
        if 'gt_seg_map' in results and results['seg_map_path'] is not None:
            self._check_labels(results)
        return results

    def _check_labels(self, results: dict) -> None:
        labels, path = results['gt_seg_map'], results['seg_map_path']
        if labels.ndim != 2:
            raise SampleError(f'{path}: expected a mask of 1 band, found {labels.shape[2]}')
        if labels.shape != tuple(results['ori_shape'][:2]):
            raise SampleError(
                f'{path}: expected the size of {results["img_path"]}, '
                f'{size_of(results["ori_shape"])}, found {size_of(labels.shape)}'
            )
        if 'num_classes' not in results:
            return
        classes, ignore = results['num_classes'], results['ignore_index']
        labels = _unwrapped(path, labels)
        wrong = (labels >= classes) & (labels != ignore)
        if wrong.any():
            values, counts = np.unique(labels[wrong], return_counts=True)
            raise SampleError(
                f'{path}: expected labels 0 to {classes - 1} or {ignore} (ignored), found '
                + ', '.join(f'{v} in {n} pixels' for v, n in zip(values, counts, strict=True))
            )

    def __repr__(self) -> str:
        return f'{type(self).__name__}(bands={self.bands})'


def _unwrapped(path: str, labels: np.ndarray) -> np.ndarray:
    """Return the labels, or what the file holds where the cast to 8 bits has changed it."""
    if not osp.isfile(path):
        return labels  # a remote file is not read twice
    with Image.open(path) as mask:
        if mask.mode in BYTE_MODES:
            return labels
        stored = np.asarray(mask)
    return labels if (stored == stored.astype(np.uint8)).all() else stored


def size_of(shape: tuple[int, ...]) -> str:
    """Name a shape (H, W, ...) in an error."""
    return f'{shape[1]}x{shape[0]} pixels (width x height)'

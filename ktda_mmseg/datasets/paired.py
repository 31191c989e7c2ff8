"""Base of the data sets: images and masks that belong together, or an error that names them."""

import os.path as osp
from typing import Any, ClassVar

import mmengine.fileio as fileio
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import PhotoMetricDistortion
from mmseg.registry import DATASETS

from ktda_mmseg.utils.files import decode_text

from .checks import SampleError, explain_undecodable
from .loading import LoadRasterFromFile

SHOWN = 5


@DATASETS.register_module()
class PairedSegDataset(BaseSegDataset):
    """``BaseSegDataset`` that refuses what would otherwise pass silently.

    At construction: a folder that is missing or holds no image, an image without mask, a mask
    without image (names are compared up to the suffix; with an ``ann_file`` only the listed names
    count). Without ``seg_map_path`` in ``data_prefix`` masks are neither needed nor looked at. When
    a sample is loaded: a file that is truncated or cannot be decoded. ``PhotoMetricDistortion``
    after ``LoadRasterFromFile`` is refused too: it would cut the values to 8 bits.

    Give ``classes`` and, optionally, ``palette`` through ``metainfo``, or derive a class with
    ``METAINFO``.

    Args:
        img_suffix (str): Suffix of images. Default: '.png'.
        seg_map_suffix (str): Suffix of masks. Default: '.png'.
        **kwargs: Other arguments of ``BaseSegDataset``.
    """

    METAINFO: ClassVar[dict] = {}
    ann_file: str

    def __init__(
        self,
        img_suffix: str = '.png',
        seg_map_suffix: str = '.png',
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        prefix = kwargs.get('data_prefix') or {}
        if prefix.get('img_path') and not prefix.get('seg_map_path'):
            # mmengine refuses None, and takes '' for the whole of data_root
            kwargs['data_prefix'] = {k: v for k, v in prefix.items() if k != 'seg_map_path'}
        super().__init__(img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs)
        steps = self.pipeline.transforms
        self._loads_rasters = any(isinstance(step, LoadRasterFromFile) for step in steps)
        if self._loads_rasters and any(isinstance(s, PhotoMetricDistortion) for s in steps):
            raise ValueError(
                'pipeline: expected BandJitter after LoadRasterFromFile, got PhotoMetricDistortion,'
                ' which is for 8-bit RGB'
            )

    def load_data_list(self) -> list[dict]:
        """List the samples after checking that images and masks pair up.

        Returns:
            list[dict]: One sample a dict, as ``BaseSegDataset`` makes it, with ``num_classes`` and
            ``ignore_index`` added for ``CheckSample``.

        Raises:
            FileNotFoundError: If a folder is missing or empty, or an image or a mask is missing.
            ValueError: If a mask has no image.
        """
        image_dir = self.data_prefix.get('img_path')
        mask_dir = self.data_prefix.get('seg_map_path')
        images = self._names(image_dir, self.img_suffix, 'images')
        samples = self._listed(image_dir) if self.ann_file else super().load_data_list()
        wanted = {self._name(sample['img_path'], image_dir, self.img_suffix) for sample in samples}
        if mask_dir:
            masks = self._names(mask_dir, self.seg_map_suffix, 'masks')
            _refuse(wanted - masks, FileNotFoundError, image_dir, 'a mask for each image', mask_dir)
            if not self.ann_file:
                _refuse(masks - images, ValueError, mask_dir, 'an image for each mask', image_dir)
        classes = self._metainfo.get('classes')
        if classes is not None:
            for sample in samples:
                sample.update(num_classes=len(classes), ignore_index=self.ignore_index)
        return samples

    def prepare_data(self, idx: int) -> Any:  # noqa: ANN401
        """Run the pipeline on one sample.

        Args:
            idx (int): Index of the sample.

        Returns:
            Any: What the pipeline makes of it.

        Raises:
            SampleError: If the image or the mask cannot be decoded.
        """
        try:
            return super().prepare_data(idx)
        except SampleError:
            raise
        except Exception:
            sample = self.get_data_info(idx)
            # LoadRasterFromFile explains itself, and reads what Pillow does not
            for key in ['seg_map_path'] if self._loads_rasters else ['img_path', 'seg_map_path']:
                reason = key in sample and explain_undecodable(sample[key], self.backend_args)
                if reason:
                    raise SampleError(reason) from None
            raise

    def _listed(self, image_dir: str) -> list[dict]:
        """Samples of the names in ``ann_file``, which mmseg reads without its byte order mark."""
        content = fileio.get(self.ann_file, backend_args=self.backend_args)
        lines = decode_text(content, self.ann_file).splitlines()
        names = list(filter(None, map(str.strip, lines)))
        ann_file, self.ann_file = self.ann_file, ''
        try:
            samples = super().load_data_list()
        finally:
            self.ann_file = ann_file
        found = {self._name(s['img_path'], image_dir, self.img_suffix): s for s in samples}
        missing = {name for name in names if name not in found}
        _refuse(missing, FileNotFoundError, ann_file, 'images listed in it', image_dir)
        return [found[name].copy() for name in names]

    def _names(self, folder: str | None, suffix: str, what: str) -> set[str]:
        """Names, without suffix, of the files in a folder that must hold some."""
        if not folder or not fileio.isdir(folder, backend_args=self.backend_args):
            raise FileNotFoundError(
                f'{type(self).__name__}: expected a folder of {suffix} {what} at {folder!r}, found '
                'none; prepare the data with tools/prepare_dataset.py or set data_root'
            )
        files = fileio.list_dir_or_file(
            folder, list_dir=False, recursive=True, backend_args=self.backend_args
        )
        files = list(files)
        names = {file[: -len(suffix)] for file in files if file.endswith(suffix)}
        if not names:
            others = sorted({osp.splitext(file)[1] for file in files})
            raise FileNotFoundError(
                f'{type(self).__name__}: expected {suffix} {what} in {folder!r}, found '
                f'{len(files)} files' + (f' of type {", ".join(others)}' if others else '')
            )
        return names

    @staticmethod
    def _name(path: str, folder: str, suffix: str) -> str:
        return osp.relpath(path, folder)[: -len(suffix)]


def _refuse(
    missing: set[str], error: type[Exception], where: str, expected: str, folder: str
) -> None:
    """Raise ``error`` if any name is missing in ``folder``."""
    if missing:
        names = ', '.join(sorted(missing)[:SHOWN]) + (', ...' if len(missing) > SHOWN else '')
        raise error(
            f'{where}: expected {expected} in {folder}, found none for {len(missing)}: {names}'
        )

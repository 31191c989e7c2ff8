"""Base of the data sets: images and masks that belong together, or an error that names them."""

import os.path as osp
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import mmengine.fileio as fileio
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import PhotoMetricDistortion
from mmseg.registry import DATASETS

from ktda_mmseg.utils.files import decode_text
from ktda_mmseg.utils.pipelines import steps_in

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
        unlabelled (Sequence[str]): Folders below ``data_root`` of further images, which have no
            masks: a teacher explains them all the same. Default: none.
        **kwargs: Other arguments of ``BaseSegDataset``.
    """

    METAINFO: ClassVar[dict] = {}
    ann_file: str

    def __init__(
        self,
        img_suffix: str = '.png',
        seg_map_suffix: str = '.png',
        unlabelled: Sequence[str] = (),
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        if isinstance(unlabelled, str):
            raise ValueError(f'unlabelled: expected a list of folders, got {unlabelled!r}')
        self.unlabelled = [osp.join(kwargs.get('data_root') or '', name) for name in unlabelled]
        prefix = kwargs.get('data_prefix') or {}
        if prefix.get('img_path') and not prefix.get('seg_map_path'):
            # mmengine refuses None, and takes '' for the whole of data_root
            kwargs['data_prefix'] = {k: v for k, v in prefix.items() if k != 'seg_map_path'}
        super().__init__(img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs)
        steps = list(steps_in(self.pipeline.transforms))
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
        masks = self._names(mask_dir, self.seg_map_suffix, 'masks') if mask_dir else None
        listed = read_listing(self.ann_file, self.backend_args) if self.ann_file else None
        pairing = pair(images, masks, listed)
        _refuse(pairing.absent, FileNotFoundError, self.ann_file, 'images listed in it', image_dir)
        _refuse(pairing.unmasked, FileNotFoundError, image_dir, 'a mask for each image', mask_dir)
        _refuse(pairing.unpictured, ValueError, mask_dir, 'an image for each mask', image_dir)
        classes = self._metainfo.get('classes')
        known = classes is not None
        checked = dict(num_classes=len(classes), ignore_index=self.ignore_index) if known else {}
        # mmseg reads a list with its byte order mark
        ann_file, self.ann_file = self.ann_file, ''
        try:
            samples = super().load_data_list()
        finally:
            self.ann_file = ann_file
        found = {
            osp.relpath(sample['img_path'], image_dir)[: -len(self.img_suffix)]: sample
            for sample in samples
        }
        labelled = [{**found[name], **checked} for name in pairing.names]
        without = dict(
            seg_map_path=None, label_map=self.label_map, reduce_zero_label=self.reduce_zero_label
        )
        return labelled + [
            {'img_path': osp.join(folder, name + self.img_suffix), 'seg_fields': []}
            | without
            | checked
            for folder in self.unlabelled
            for name in self._names(folder, self.img_suffix, 'images')
        ]

    def prepare_data(self, idx: int) -> Any:  # noqa: ANN401
        """Run the pipeline on a sample; a file that cannot be decoded is a ``SampleError``."""
        try:
            return super().prepare_data(idx)
        except SampleError:
            raise
        except Exception:
            sample = self.get_data_info(idx)
            # LoadRasterFromFile explains itself, and reads what Pillow does not
            for key in ['seg_map_path'] if self._loads_rasters else ['img_path', 'seg_map_path']:
                reason = sample.get(key) and explain_undecodable(sample[key], self.backend_args)
                if reason:
                    raise SampleError(reason) from None
            raise

    def _names(self, folder: str | None, suffix: str, what: str) -> list[str]:
        """Names, without suffix, of the files in a folder that must hold some."""
        if not folder or not fileio.isdir(folder, backend_args=self.backend_args):
            raise FileNotFoundError(
                f'{type(self).__name__}: expected a folder of {suffix} {what} at {folder!r}, found '
                'none; prepare the data with `ktda prepare` or set data_root'
            )
        names, others = list_names(folder, suffix, self.backend_args)
        if not names:
            kinds = ', '.join(sorted({osp.splitext(file)[1] for file in others}))
            raise FileNotFoundError(
                f'{type(self).__name__}: expected {suffix} {what} in {folder!r}, found '
                f'{len(others)} files' + (f' of type {kinds}' if others else '')
            )
        return names


class Pairing(NamedTuple):
    """Names of images and masks, by what belongs together and what to nothing."""

    names: list[str]  # of images that are there, in their order or that of a list
    absent: list[str]  # listed, but no image
    unmasked: list[str]  # images without mask; none where masks are not asked for
    unpictured: list[str]  # masks without image; with a list they may be


def pair(images: list[str], masks: list[str] | None, listed: list[str] | None) -> Pairing:
    """Pair images with masks, whose names, without suffix, are the same.

    Args:
        images (list[str]): Names of images.
        masks (list[str] | None): Names of masks; None if there need be none.
        listed (list[str] | None): Names of the images to use; None means all.
    """
    there, masked = set(images), set(masks or ())
    names = [name for name in (images if listed is None else listed) if name in there]
    return Pairing(
        names,
        sorted(set(listed or ()) - there),
        [] if masks is None else [name for name in names if name not in masked],
        sorted(masked - there) if listed is None else [],
    )


def list_names(
    folder: str, suffix: str, backend_args: dict | None = None
) -> tuple[list[str], list[str]]:
    """List files below a folder that end so, sorted and without the suffix, and all others."""
    files = sorted(
        fileio.list_dir_or_file(folder, list_dir=False, recursive=True, backend_args=backend_args)
    )
    names = [file[: -len(suffix)] for file in files if file.endswith(suffix)]
    return names, [file for file in files if not file.endswith(suffix)]


def read_listing(path: str, backend_args: dict | None = None) -> list[str]:
    """Read the names in a file, one a line."""
    lines = decode_text(fileio.get(path, backend_args=backend_args), path).splitlines()
    return list(filter(None, map(str.strip, lines)))


def _refuse(
    names: list[str], error: type[Exception], where: str, expected: str, folder: str
) -> None:
    """Raise ``error`` if there is any name that lacks its counterpart in ``folder``."""
    if names:
        first = ', '.join(sorted(names)[:SHOWN]) + (', ...' if len(names) > SHOWN else '')
        raise error(
            f'{where}: expected {expected} in {folder}, found none for {len(names)}: {first}'
        )

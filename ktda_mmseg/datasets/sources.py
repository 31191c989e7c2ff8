"""The folders that a config's data sets would read, without looking into them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmseg.registry import DATASETS

from ..raster.files import Nodata
from .labels import Labels, labels_of
from .paired import PairedSegDataset
from .requirements import SPLITS, unwrapped

CONVERSIONS = {'color': 'RGB', 'grayscale': 'L'}
BACKENDS_OF_8_BITS = ('pillow', 'turbojpeg')


class Reading(NamedTuple):
    """How a pipeline reads images.

    Attributes:
        raster (bool): By ``LoadRasterFromFile``.
        mode (str | None): Pillow mode that every image is converted to.
        eight_bit (bool): Whether only 8-bit images are read as they are.
        selected (tuple[int, ...] | None): Bands that are used, from 1; None means all.
        bands (int | None): Bands that an image must have where none are selected.
        nodata (float | str | None): Which pixels hold no data, see ``LoadRasterFromFile``.
        ignores_nodata (bool): Whether pixels without data are taken out of the labels.
        scale (float | Sequence[float]): Factor on stored values, for all bands or for each.
        offset (float | Sequence[float]): What is added after it, likewise.
    """

    raster: bool
    mode: str | None
    eight_bit: bool
    selected: tuple[int, ...] | None
    bands: int | None
    nodata: Nodata = None
    ignores_nodata: bool = False
    scale: float | Sequence[float] = 1.0
    offset: float | Sequence[float] = 0.0


class Source(NamedTuple):
    """A folder of images with its folder of masks.

    Attributes:
        split (str): 'train', 'val' or 'test'.
        images (Path): Folder of images.
        masks (Path | None): Folder of masks, if there are any.
        image_suffix (str): Ending of images.
        mask_suffix (str): Ending of masks.
        listing (Path | None): File of names to use, without suffix; None means the whole folder.
        strict (bool): Whether the data set refuses masks without image.
        reading (Reading): How images are read.
        labels (Labels): What mask values mean.
    """

    split: str
    images: Path
    masks: Path | None
    image_suffix: str
    mask_suffix: str
    listing: Path | None
    strict: bool
    reading: Reading
    labels: Labels


def read_sources(config: Config) -> list[Source]:
    """Find what the loaders of a config read.

    Args:
        config (Config): With ``train_dataloader``, ``val_dataloader``, ``test_dataloader``, or
            some of them; a data set may be wrapped in others.

    Returns:
        list[Source]: Split after split.

    Raises:
        ValueError: If there is no data set, one cannot be built, names no classes or other classes
            than the first, or is not on a local disk.
    """
    sources: list[Source] = []
    for split in SPLITS:
        key = f'{split}_dataloader'
        dataset = (config.get(key) or {}).get('dataset')
        for cfg in unwrapped(dataset):
            sources.append(_source(split, cfg, config, f'{key}.dataset'))
    if not sources:
        raise ValueError(
            f'{config.filename}: expected train_dataloader, val_dataloader or test_dataloader with '
            'a dataset, found none'
        )
    classes = sources[0].labels.classes
    for source in sources:
        if source.labels.classes != classes:
            raise ValueError(
                f'{source.split}_dataloader.dataset: expected the classes of {sources[0].split}, '
                f'{classes}, found {source.labels.classes}'
            )
    return sources


def _source(split: str, cfg: dict, config: Config, key: str) -> Source:
    try:
        # not initialised: a data set reads its folders only then, and stops at the first fault
        dataset = DATASETS.build({**cfg, 'pipeline': [], 'lazy_init': True})
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f'{key}: expected a data set that can be built, found: {error}') from error
    if (dataset.backend_args or {}).get('backend', 'local') != 'local':
        raise ValueError(f'{key}: expected files on a local disk, found {dataset.backend_args}')
    masks = dataset.data_prefix.get('seg_map_path')
    return Source(
        split,
        Path(dataset.data_prefix.get('img_path') or ''),
        Path(masks) if masks else None,
        dataset.img_suffix,
        dataset.seg_map_suffix,
        Path(dataset.ann_file) if dataset.ann_file else None,
        isinstance(dataset, PairedSegDataset),
        _reading(cfg.get('pipeline') or [], config),
        labels_of(dataset, key),
    )


def _reading(pipeline: list[dict[str, Any]], config: Config) -> Reading:
    steps = {str(step['type']).split('.')[-1]: step for step in pipeline}
    raster = steps.get('LoadRasterFromFile')
    checked = steps['CheckSample'].get('bands', 3) if 'CheckSample' in steps else None
    if raster is not None:
        selected = raster.get('bands')
        stored = {key: raster[key] for key in ('nodata', 'scale', 'offset') if key in raster}
        return Reading(
            raster=True,
            mode=None,
            eight_bit=False,
            selected=tuple(selected) if selected else None,
            bands=checked,
            ignores_nodata='IgnoreNodata' in steps,
            **stored,
        )
    loading = steps.get('LoadImageFromFile', {})
    mode = CONVERSIONS.get(loading.get('color_type', 'color'))
    eight_bit = mode is not None or loading.get('imdecode_backend') in BACKENDS_OF_8_BITS
    mean = config.get('model', {}).get('data_preprocessor', {}).get('mean') or [0] * 3
    return Reading(False, mode, eight_bit, None, checked or len(mean))

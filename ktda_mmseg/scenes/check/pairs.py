"""What the loaders of a config would read: folders, and the images and masks in them."""

from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config
from mmseg.registry import DATASETS

from ...datasets.labels import Labels, labels_of
from ...datasets.paired import PairedSegDataset, list_names, pair, read_listing
from ...datasets.reading import Reading, reading_of
from ...datasets.requirements import SPLITS
from ...utils.pipelines import datasets_in
from .faults import Fault, Severity


class Source(NamedTuple):
    """A folder of images with its folder of masks, if there are any."""

    split: str  # 'train', 'val' or 'test'
    images: Path
    masks: Path | None
    image_suffix: str
    mask_suffix: str
    listing: Path | None  # file of names to use, without suffix; None means the whole folder
    strict: bool  # whether the data set refuses masks without image
    reading: Reading
    labels: Labels

    def image(self, name: str) -> Path:
        """Return the image of that name."""
        return self.images / f'{name}{self.image_suffix}'

    def mask(self, name: str) -> Path:
        """Return the mask of that name."""
        return (self.masks or self.images) / f'{name}{self.mask_suffix}'


class Pair(NamedTuple):
    """An image and its mask, if there is one."""

    source: Source
    image: Path
    mask: Path | None


def read_sources(config: Config) -> list[Source]:
    """Find what the loaders of a config read, split after split, without looking into folders.

    A data set may be wrapped in others. A ValueError says that there is none, or that one cannot be
    built, names no classes or other classes than the first, or is not on a local disk.
    """
    sources: list[Source] = []
    for split in SPLITS:
        key = f'{split}_dataloader'
        for cfg in datasets_in((config.get(key) or {}).get('dataset')):
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
        reading_of(cfg.get('pipeline') or [], config),
        labels_of(dataset, key),
    )


def list_pairs(source: Source) -> tuple[list[Pair], list[Fault]]:
    """List what a source holds, one pair an image, and what is missing."""
    faults: list[Fault] = []
    images = _names(source.images, source.image_suffix, faults)
    masks = _names(source.masks, source.mask_suffix, faults) if source.masks else []
    listed = _listed(source.listing, faults) if source.listing else None
    # an empty folder is one fault, not one a file
    found = pair(images, masks if masks and images else None, listed)
    masked = set(masks)
    pairs = [
        Pair(source, source.image(name), source.mask(name) if name in masked else None)
        for name in found.names
    ]
    for name in found.absent:
        message = f'{source.listing}: expected an image {name} in {source.images}, found none'
        faults.append(Fault('error', 'missing files', message))
    for path in map(source.image, found.unmasked):
        message = f'{path}: expected a mask in {source.masks}, found none'
        faults.append(Fault('error', 'image without mask', message, (path,)))
    weight: Severity = 'error' if source.strict else 'warning'
    for path in map(source.mask, found.unpictured):
        message = f'{path}: expected an image in {source.images}, found none'
        faults.append(Fault(weight, 'mask without image', message, (path,)))
    return pairs, faults


def _names(folder: Path, suffix: str, faults: list[Fault]) -> list[str]:
    """Names of the files in a folder, without suffix; none is a fault."""
    if not folder.is_dir():
        message = f'{folder}: expected a folder of {suffix} files, found none'
        faults.append(Fault('error', 'missing files', message))
        return []
    names, others = list_names(str(folder), suffix)
    if not names:
        message = f'{folder}: expected {suffix} files, found {len(others)} others'
        faults.append(Fault('error', 'missing files', message))
    return names


def _listed(listing: Path, faults: list[Fault]) -> list[str]:
    if not listing.is_file():
        message = f'{listing}: expected a list of names, found no file'
        faults.append(Fault('error', 'missing files', message))
        return []
    return list(dict.fromkeys(read_listing(str(listing))))

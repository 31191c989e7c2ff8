"""Images and masks that belong together, and those that belong to nothing."""

from pathlib import Path
from typing import NamedTuple

import mmengine.fileio as fileio

from ktda_mmseg.utils.files import read_text

from ...datasets.sources import Source
from .faults import Fault, Severity


class Pair(NamedTuple):
    """An image and its mask.

    Attributes:
        source (Source): Where they come from.
        image (Path): The image.
        mask (Path | None): The mask, if there is one.
    """

    source: Source
    image: Path
    mask: Path | None


def list_pairs(source: Source) -> tuple[list[Pair], list[Fault]]:
    """List what a source holds.

    Args:
        source (Source): Folders, suffixes and, optionally, a list of names.

    Returns:
        tuple[list[Pair], list[Fault]]: One pair an image, sorted by name, and what is missing.
    """
    faults: list[Fault] = []
    images = _names(source.images, source.image_suffix, faults)
    masks = _names(source.masks, source.mask_suffix, faults) if source.masks else {}
    names = set(images)
    if source.listing:
        names = _listed(source.listing, faults)
        for name in sorted(names - set(images)):
            message = f'{source.listing}: expected an image {name} in {source.images}, found none'
            faults.append(Fault('error', 'missing files', message))
    pairs = [Pair(source, images[name], masks.get(name)) for name in sorted(names & set(images))]
    # an empty folder is one fault, not one a file
    if masks and images:
        for pair in pairs:
            if pair.mask is None:
                message = f'{pair.image}: expected a mask in {source.masks}, found none'
                faults.append(Fault('error', 'image without mask', message, (pair.image,)))
        weight: Severity = 'error' if source.strict else 'warning'
        for name in sorted(set(masks) - set(images)) if not source.listing else ():
            message = f'{masks[name]}: expected an image in {source.images}, found none'
            faults.append(Fault(weight, 'mask without image', message, (masks[name],)))
    return pairs, faults


def _names(folder: Path, suffix: str, faults: list[Fault]) -> dict[str, Path]:
    """Files of a folder by their name without suffix."""
    if not folder.is_dir():
        message = f'{folder}: expected a folder of {suffix} files, found none'
        faults.append(Fault('error', 'missing files', message))
        return {}
    files = list(fileio.list_dir_or_file(folder, list_dir=False, recursive=True))
    names = {file[: -len(suffix)]: folder / file for file in files if file.endswith(suffix)}
    if not names:
        message = f'{folder}: expected {suffix} files, found {len(files)} others'
        faults.append(Fault('error', 'missing files', message))
    return names


def _listed(listing: Path, faults: list[Fault]) -> set[str]:
    if not listing.is_file():
        message = f'{listing}: expected a list of names, found no file'
        faults.append(Fault('error', 'missing files', message))
        return set()
    return {line.strip() for line in read_text(listing).splitlines() if line.strip()}

"""Which label raster belongs to which image."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from ktda_mmseg.utils.tables import first_few

from .listing import Listing, raster_files
from .name_groups import shared_end, shared_start
from .scenes import Scene


def list_both(
    images: tuple[Path, str], labels: tuple[Path, str], apart: Sequence[Path]
) -> tuple[Listing, Listing]:
    """List images and label rasters, which may lie in one folder or one below the other.

    Args:
        images (tuple[Path, str]): Where, and the pattern of their names.
        labels (tuple[Path, str]): The same of label rasters.
        apart (Sequence[Path]): Files and folders to pass over.

    Returns:
        tuple[Listing, Listing]: Images, and label rasters.

    Raises:
        FileNotFoundError: If there are none.
        ValueError: If both lie in one folder, and no pattern tells one from the other.
    """
    if images == labels:
        raise ValueError(
            f'{images[0]}: expected images and labels in two folders, or told apart by '
            f"--image-name or --label-name, such as '*_mask', got {images[1]!r} for both"
        )
    if images[1] == '*':
        found = raster_files(*labels, [images[0], *apart])
        named = [] if labels[1] == '*' else found.files.values()
        return raster_files(*images, [labels[0], *apart, *named]), found
    listed = raster_files(*images, [labels[0], *apart])
    return listed, raster_files(*labels, [images[0], *apart, *listed.files.values()])


def labels_of(scenes: Sequence[Scene], listing: Listing, pattern: str) -> dict[str, Path]:
    """Find the label raster of each image.

    Args:
        scenes (Sequence[Scene]): The images.
        listing (Listing): The label rasters; a single file belongs to a single image of any name.
        pattern (str): What their names look like, as :func:`.listing.raster_files` takes it.

    Returns:
        dict[str, Path]: Label rasters by the images' names, and what else is listed.

    Raises:
        FileNotFoundError: If an image has no label raster; the error says which name was sought.
    """
    if not listing.source.is_dir() and len(scenes) == 1:
        return {scenes[0].name: listing.source}
    missing = [scene for scene in scenes if scene.name not in listing.files]
    if missing:
        sought = [f'{_written(s.name, pattern)} (for {s.path.name})' for s in missing]
        raise FileNotFoundError(
            f'{listing.source}: expected a label raster for each image, found none for '
            f'{len(missing)} of {len(scenes)}: sought {first_few(sought)}; there are '
            f'{first_few([path.name for path in listing.files.values()])}; '
            f'{_advice([scene.name for scene in scenes], listing.files)}'
        )
    return listing.files


def _written(name: str, pattern: str) -> str:
    """What a file of this name is called by a pattern."""
    folder, _, last = ('', '', name) if '/' in pattern else name.rpartition('/')
    return f'{folder}/{pattern.replace("*", last)}'.removeprefix('/')


def _advice(images: Sequence[str], labels: Collection[str]) -> str:
    """Say which patterns would pair all images, if what they share in their names is all."""
    if len(images) > 1 and len(labels) > 1:
        for image_ends, label_ends in zip(_ends(images), _ends(labels), strict=True):
            inner = [_inner(names, *ends) for names, ends in
                     ((images, image_ends), (labels, label_ends))]  # fmt: skip
            if inner[0] <= inner[1]:
                shown = ['*'.join(ends) for ends in (image_ends, label_ends)]
                return f"try --image-name '{shown[0]}' --label-name '{shown[1]}'"
    return "call both alike, or say by --image-name and --label-name '*_mask' what they share"


def _ends(names: Collection[str]) -> list[tuple[str, str]]:
    """What all names begin and end with, but for digits: the end alone, the beginning, both."""
    head, tail = shared_start(names), shared_end(names)
    return [('', tail), (head, ''), (head, tail)]


def _inner(names: Collection[str], head: str, tail: str) -> set[str]:
    return {name.removeprefix(head).removesuffix(tail) for name in names}

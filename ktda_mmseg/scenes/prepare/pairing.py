"""Which mask belongs to which image: by folders of a published set, or by patterns of a user's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from ktda_mmseg.utils.tables import first_few

from .listing import Listing, raster_files, shared_end, shared_start
from .scenes import Scene

Pairs = dict[str, tuple[Path, Path]]


def pair_files(folder: Path, first: str, second: str) -> tuple[Pairs, list[str]]:
    """Pair the files that two patterns of ``Path.glob`` find by their names without suffix.

    Returns the pairs by sorted names, and the names that only the second pattern finds; a
    FileNotFoundError if the first finds none, or one without a partner.
    """
    files, partners = ({p.stem: p for p in sorted(folder.glob(x))} for x in (first, second))
    if not files:
        raise FileNotFoundError(f'{folder}: expected files {first}, found none')
    _require_partners(folder, files.keys() - partners.keys(), first, second)
    pairs = {name: (path, partners[name]) for name, path in files.items()}
    return pairs, [name for name in partners if name not in files]


def pair_all(folder: Path, images: str, masks: str) -> Pairs:
    """Pair images and masks likewise, where a mask without an image is an error too."""
    pairs, lone = pair_files(folder, images, masks)
    _require_partners(folder, lone, masks, images)
    return pairs


def _require_partners(folder: Path, lone: Collection[str], first: str, second: str) -> None:
    if lone:
        raise FileNotFoundError(
            f'{folder}: expected {second} for each {first}, found none for {len(lone)}: '
            f'{first_few(sorted(lone))}'
        )


def list_both(
    images: tuple[Path, str], labels: tuple[Path, str], apart: Sequence[Path]
) -> tuple[Listing, Listing]:
    """List images and label rasters, each by folder and pattern; one may lie below the other.

    A ValueError if both lie in one folder, and no pattern tells one from the other.
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
    """Return label rasters by the images' names, and what else is listed.

    A single file belongs to a single image of any name. A FileNotFoundError says which names were
    sought, and which patterns would pair all.
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
            if _inner(images, *image_ends) <= _inner(labels, *label_ends):
                shown = ['*'.join(ends) for ends in (image_ends, label_ends)]
                return f"try --image-name '{shown[0]}' --label-name '{shown[1]}'"
    return "call both alike, or say by --image-name and --label-name '*_mask' what they share"


def _ends(names: Collection[str]) -> list[tuple[str, str]]:
    """What all names begin and end with, but for digits: the end alone, the beginning, both."""
    head, tail = shared_start(names), shared_end(names)
    return [('', tail), (head, ''), (head, tail)]


def _inner(names: Collection[str], head: str, tail: str) -> set[str]:
    return {name.removeprefix(head).removesuffix(tail) for name in names}

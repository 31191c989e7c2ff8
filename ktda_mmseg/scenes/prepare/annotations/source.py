"""Labels of annotation tools as a source of masks: which image each belongs to, what they mean."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath

import numpy as np

from ktda_mmseg.utils.tables import first_few

from ....raster.tiling import Window
from ..label_map import Label, LabelMap
from ..listing import SUFFIXES
from ..raster_tiles import LabelSource
from ..scenes import Scene
from .drawing import Annotated, Drawing, rasterise

Parts = tuple[str, ...]


class AnnotationLabels(LabelSource):
    """What was drawn on each image, by the images' names.

    All is read once before any tile is written: a ValueError if a file cannot be read, was made for
    an image of another size, or has a label that the label map does not list.
    """

    def __init__(
        self,
        form: str,
        drawn: Mapping[str, Annotated],
        scenes: Sequence[Scene],
        label_map: LabelMap,
    ) -> None:
        self._form, self._drawn, self._background = form, drawn, label_map.background
        self._codes: dict[Label, int] = {}
        self._counts = Counter[str]()
        self._unlisted = label_map.unlisted('annotations')
        for scene in scenes:
            labels = [shape.label for shape in self._drawing(scene).shapes]
            codes = label_map.index(labels, drawn[scene.name].where, self._unlisted)
            self._codes.update(zip(labels, codes, strict=True))
            self._counts.update(map(str, labels))

    def notes(self) -> list[str]:
        """Say what was read, and which labels are not listed."""
        kinds = [f'{label!r} {count}' for label, count in self._counts.most_common()]
        files = len({entry.path for entry in self._drawn.values()})
        read = (
            f'labels as {self._form}: read {sum(self._counts.values())} annotations of '
            f'{len(self._drawn)} images in {files} files: {first_few(kinds)}'
        )
        return [read.removesuffix(': '), *self._unlisted.notes()]

    @contextmanager
    def on(self, scene: Scene) -> Iterator[Callable[[Window], np.ndarray]]:
        """Read what was drawn on an image; gives the mask (height, width), uint8, of a window."""
        yield partial(rasterise, self._drawing(scene), self._codes, self._background)

    def _drawing(self, scene: Scene) -> Drawing:
        return _read(self._drawn[scene.name], (scene.height, scene.width))


@lru_cache(2)  # rows of tiles come image by image, and threads share two at a change
def _read(entry: Annotated, size: tuple[int, int]) -> Drawing:
    drawing = entry.draw(size)
    if drawing.size != size:
        raise ValueError(
            f'{entry.where}: expected the size of its image, {size[0]}x{size[1]} (height x '
            f'width), found {drawing.size[0]}x{drawing.size[1]}'
        )
    return drawing


def without_labels(scenes: Sequence[Scene], drawn: Mapping[str, Annotated]) -> list[str]:
    """Say which images are left out because there is nothing about them."""
    bare = [scene.name for scene in scenes if scene.name not in drawn]
    return [f'{len(bare)} images without labels left out: {first_few(bare)}'] if bare else []


def pair_annotated(
    found: Sequence[Annotated], scenes: Sequence[Scene], images: Path
) -> dict[str, Annotated]:
    """Find the image of each entry, by names without suffix; returns entries by images' names.

    A path is that of an image if it ends with the image's path below ``images``, or is the end of
    it and of no other's. A FileNotFoundError if an entry has no image, or there are no entries; a
    ValueError if one may mean several, or two mean the same.
    """
    if not found:
        raise FileNotFoundError(f'{images}: expected labels of these images, found none')
    known: dict[str, dict[Parts, str]] = defaultdict(dict)
    for scene in scenes:
        paths = [scene.name]
        if scene.path.is_relative_to(images):
            paths.append(scene.path.relative_to(images).as_posix())
        for parts in filter(None, map(_parts, paths)):
            known[parts[-1]][parts] = scene.name
    pairs: dict[str, Annotated] = {}
    missing = []
    for entry in found:
        name = next(
            filter(None, (_find(image, known, entry.where) for image in entry.images)), None
        )
        if name is None:
            missing.append(entry)
        elif name in pairs:
            raise ValueError(
                f'{entry.where}: expected the only labels of image {name!r}, which '
                f'{pairs[name].where} has too'
            )
        else:
            pairs[name] = entry
    if missing:
        raise FileNotFoundError(
            f'{missing[0].where}: expected its image {missing[0].images[0]!r} among the '
            f'{len(scenes)} images of {images}, found none; so it is with {len(missing)} of '
            f'{len(found)}'
        )
    return pairs


def _find(image: str, known: Mapping[str, Mapping[Parts, str]], where: str) -> str | None:
    """The name of the image that a path means; None if there is none."""
    parts = _parts(image)
    alike = known.get(parts[-1], {}) if parts else {}
    if parts in alike:
        return alike[parts]
    names = sorted({n for own, n in alike.items() if _ends(parts, own) or _ends(own, parts)})
    if len(names) > 1:
        raise ValueError(
            f'{where}: expected the path of one image, found {image!r}, which may be '
            f'{first_few(names)}'
        )
    return names[0] if names else None


def _parts(path: str) -> Parts:
    """Folders and name, without the suffix of an image or its labels."""
    pure = PurePosixPath(posixpath.normpath(path.replace('\\', '/')))
    suffixed = pure.suffix.lower() in {*SUFFIXES, '.json', '.txt'}
    return (pure.with_suffix('') if suffixed else pure).parts


def _ends(parts: Parts, end: Parts) -> bool:
    return parts[-len(end) :] == end

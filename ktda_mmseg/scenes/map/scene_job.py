"""A scene to be mapped, and what became of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from .strips import Strip, StripStore
from .windows import Grid


class SceneResult(NamedTuple):
    """What became of a scene.

    Attributes:
        path (Path): The scene.
        files (dict[str, Path]): Its products by kind; see :meth:`~.products.Products.paths`.
        error (str | None): Why there are none.
        kept (bool): Whether a former run made them.
    """

    path: Path
    files: dict[str, Path]
    error: str | None = None
    kept: bool = False


class SceneJob(NamedTuple):
    """A scene to map, as all processes are told of it.

    Attributes:
        name (str): What the files of its products begin with.
        path (Path): The scene.
        grid (Grid): Its windows.
        store (StripStore): Its strips.
        missing (list[int]): Those that were not there when work began.
        files (dict[str, Path]): The products to make, by kind.
    """

    name: str
    path: Path
    grid: Grid
    store: StripStore
    missing: list[int]
    files: dict[str, Path]

    def pixels(self, strips: Sequence[int]) -> int:
        """Return the number of pixels of some strips."""
        rows = (stop - first for first, stop in map(self.grid.strips.__getitem__, strips))
        return sum(rows) * self.grid.width

    def keep(self, numbered: tuple[int, Strip]) -> int:
        """Write a strip, given with its number, and return its number of pixels."""
        index, strip = numbered
        self.store.write(index, strip)
        return strip.labels.size

    def result(self, everywhere: Sequence[dict[str, SceneResult]]) -> SceneResult:
        """Return what became of it, a failure first, given the results of all processes."""
        found = [results[self.name] for results in everywhere if self.name in results]
        return min(found, key=lambda result: result.error is None)


@contextmanager
def reported(name: str, path: Path, results: dict[str, Any]) -> Iterator[None]:
    """Make what is wrong with a scene its result, and say it at once.

    Args:
        name (str): The scene's name.
        path (Path): The scene.
        results (dict[str, Any]): Where the :class:`SceneResult` goes, under the name.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        told = str(error) if str(path) in str(error) else f'{path}: {error}'
        tqdm.write(f'failed: {told}', file=sys.stderr)
        results[name] = SceneResult(path, {}, told)

"""A scene to be mapped, how workers share it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .strips import Strip, StripStore
from .windows import Grid

FEW = 4  # scenes a worker; so many and more are not cut, since workers are busy with whole ones


class SceneResult(NamedTuple):
    """What became of a scene.

    Attributes:
        path (Path): The scene.
        files (dict[str, Path]): Its products by kind; see :meth:`~.products.Products.paths`.
        error (str | None): Why there are none.
        kept (bool): Whether a former run made them.
        notes (tuple[str, ...]): What a user must know of them.
    """

    path: Path
    files: dict[str, Path]
    error: str | None = None
    kept: bool = False
    notes: tuple[str, ...] = ()


class SceneJob(NamedTuple):
    """A scene to map.

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

    def keep(self, numbered: tuple[int, Strip]) -> None:
        """Write a strip, given with its number."""
        self.store.write(*numbered)


class Piece(NamedTuple):
    """What one worker does of a scene at a time.

    Attributes:
        job (SceneJob): The scene.
        strips (list[int]): Strips to predict, ascending.
        whole (bool): Whether that is all there is to do, and the products are to be made of it.
        last (bool): Whether none of the scene comes after it.
    """

    job: SceneJob
    strips: list[int]
    whole: bool
    last: bool


def pieces_of(jobs: Sequence[SceneJob], workers: int) -> list[Piece]:
    """Share scenes so that each worker has about the same work, mostly in whole scenes.

    Few scenes are cut into runs of strips: a cut costs a row of windows that is predicted twice.

    Args:
        jobs (Sequence[SceneJob]): The scenes.
        workers (int): How many share them.

    Returns:
        list[Piece]: In the order of the scenes.
    """
    if len(jobs) >= FEW * workers:
        workers = 1
    total = sum(len(job.missing) * job.grid.width for job in jobs)
    before = 0.0
    pieces = []
    for job in jobs:
        middles = before + job.grid.width * (np.arange(len(job.missing)) + 0.5)
        before += job.grid.width * len(job.missing)
        owners = np.minimum(middles * workers // (total or 1), workers - 1)
        parts = np.split(np.array(job.missing, int), np.flatnonzero(np.diff(owners)) + 1)
        whole = len(parts) == 1
        pieces += [Piece(job, part.tolist(), whole, part is parts[-1]) for part in parts]
    return pieces


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return first and stop of each run of consecutive numbers, which are ascending."""
    if not numbers:
        return []
    parts = np.split(np.array(numbers), np.flatnonzero(np.diff(numbers) != 1) + 1)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts]


def failure(path: Path, error: Exception) -> SceneResult:
    """Return what is wrong with a scene, which its file is named in, as its result."""
    return SceneResult(path, {}, str(error) if str(path) in str(error) else f'{path}: {error}')


class Seen:
    """Counts the pixels of scenes that are mapped so far, by what is on disk."""

    def __init__(self, jobs: Sequence[SceneJob], results: Mapping[str, SceneResult]) -> None:
        self.jobs = [job for job in jobs if job.name not in results]
        self.results = results
        self.whole = {job.name: job.grid.height * job.grid.width for job in self.jobs}
        self.total = sum(self.whole.values())
        self.pixels = dict.fromkeys(self.whole, 0)

    def __call__(self) -> int:
        """Return their number."""
        for job in self.jobs:
            name = job.name
            if name in self.results:
                self.pixels[name] = self.whole[name]
            elif job.store.folder.exists():
                self.pixels[name] = self.whole[name] - job.pixels(job.store.missing())
        return sum(self.pixels.values())

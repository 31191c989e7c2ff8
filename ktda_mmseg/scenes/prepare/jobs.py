"""The work of a preparation: what makes tiles, and what of it shares an open file."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...raster.files import Georeference
from ...raster.tiling import Window


class Tile(NamedTuple):
    """An image with its mask.

    Attributes:
        image (np.ndarray): (H, W, C); 8-bit RGB, or anything a GeoTIFF holds if the suffix is
            '.tif'.
        mask (np.ndarray): Class indices (H, W), uint8; 255 is ignored.
        georeference (Georeference | None): Where it lies, if known.
        nodata (float | None): Value of pixels without data, if there is one; GeoTIFFs record it.
        valid (np.ndarray | None): Which pixels (H, W) hold data, where ``nodata`` does not tell;
            GeoTIFFs hold it as a mask.
    """

    image: np.ndarray
    mask: np.ndarray
    georeference: Georeference | None = None
    nodata: float | None = None
    valid: np.ndarray | None = None


class Files(NamedTuple):
    """A tile that was made and checked elsewhere; its files are copied as they are.

    Attributes:
        image (Path): The image, with the suffix of the data set.
        mask (Path): The mask, a PNG.
    """

    image: Path
    mask: Path


@dataclass(frozen=True)
class Job:
    """A piece of work that makes one or more tiles from one source.

    Attributes:
        split (str): 'train', 'val' or 'test'.
        names (tuple[str, ...]): Names of the tiles, without suffix.
        make (Callable): Gives, one after the other, a tile a name; None leaves that one out. No
            pixel of one that is left out may have a label. It takes what ``opens`` gives.
        source (str): What the tiles are cut from; jobs may share it. Default: ''.
        windows (tuple[Window, ...]): Where in the source the tiles lie, one a name; empty for
            tiles that share no pixel with others. Default: ().
        noticed (Callable): Gives what was noticed on the way, in the process that made the tiles;
            None for nothing. Default: None, always.
        opens (Callable | None): Opens what ``make`` reads. Neighbours in the list of jobs that have
            the same one are done in runs, by one worker, which opens it once. Default: None.
    """

    split: str
    names: tuple[str, ...]
    make: Callable[..., Iterable[Tile | Files | None]]
    source: str = ''
    windows: tuple[Window, ...] = ()
    noticed: Callable[[], Any] = lambda: None
    opens: Callable[[], AbstractContextManager] | None = None


def runs(jobs: Sequence[Job], pieces: int) -> list[list[Job]]:
    """Join neighbours that open the same, each such run in its share of so many pieces.

    Args:
        jobs (Sequence[Job]): All the work.
        pieces (int): About how many runs to make of jobs that could all be one.

    Returns:
        list[list[Job]]: Each job once, in their order.
    """
    most = max(1, -(-len(jobs) // max(pieces, 1)))
    alike = ([*run] for _, run in groupby(jobs, lambda job: id(job.opens or job)))
    return [run[start : start + most] for run in alike for start in range(0, len(run), most)]

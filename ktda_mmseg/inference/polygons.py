"""Areas of one class as polygons, in a GeoPackage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ktda_mmseg.datasets.preparation.raster_io import import_rasterio, open_raster
from ktda_mmseg.fileio import atomic

from .areas import Ground, moved
from .card import ModelCard
from .reading import SceneProfile
from .strips import NODATA


class Outlines(NamedTuple):
    """How polygons are drawn.

    Attributes:
        min_area (float): What covers less joins its largest neighbour, in the scene's unit of area
            (:class:`~.areas.Ground`); at least 0.
        simplify (float): Detail to leave out, in pixels: the square root of the triangles that go.
            Neighbours keep a common border. 0 follows the edges of the pixels. Default: 1, which
            leaves no steps.
    """

    min_area: float = 0
    simplify: float = 1

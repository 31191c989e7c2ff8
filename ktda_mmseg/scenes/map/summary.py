"""How much of a scene each class covers, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ktda_mmseg.utils.files import write_json

from .areas import Ground
from .card import ModelCard
from .geotiff import Rows
from .reading import SceneProfile
from .strips import NODATA


class Counts(NamedTuple):
    """What each label covers; the last one is nodata."""

    pixels: np.ndarray  # (256,), int64
    areas: np.ndarray  # (256,), float64
    unit: str  # of the areas

    def shares(self) -> np.ndarray:
        """Return the part of the area with data that each label covers, (255,), from 0 to 1."""
        return self.areas[:NODATA] / (self.areas[:NODATA].sum() or 1)


def count_classes(profile: SceneProfile, rows: Rows) -> Counts:
    """Count the pixels of each label and add up their areas."""
    ground = Ground(profile)
    pixels, areas = np.zeros(256, np.int64), np.zeros(256)
    for row, labels in enumerate(line for part in rows() for line in part):
        found = np.bincount(labels, minlength=256)
        pixels += found
        area = ground.of_row(row)
        varies = isinstance(area, np.ndarray)
        areas += np.bincount(labels, area, 256) if varies else found * area
    return Counts(pixels, areas, ground.unit)


def write_summary(
    profile: SceneProfile,
    card: ModelCard,
    counts: Counts,
    settings: Mapping[str, Any],
    paths: Mapping[str, Path],
) -> None:
    """Write what was made of a scene, with which settings, and what its classes cover."""
    shares = counts.shares()
    content = {
        'scene': profile.path.name,
        'path': str(profile.path.resolve()),
        'height': profile.height,
        'width': profile.width,
        'crs': profile.crs and profile.crs.to_string(),
        'transform': list(profile.transform)[:6],
        'area_unit': counts.unit,
        'notes': profile.notes(),
        'classes': [
            {'label': label, 'name': name, **_covered(counts, label), 'share': shares[label]}
            for label, name in enumerate(card.classes)
        ],
        'nodata': {'label': NODATA, **_covered(counts, NODATA)},
        'products': {kind: path.name for kind, path in paths.items()},
        'settings': dict(settings),
    }
    write_json(paths['summary'], content, indent=2, ensure_ascii=False)


def _covered(counts: Counts, label: int) -> dict[str, float]:
    return {'pixels': int(counts.pixels[label]), 'area': float(counts.areas[label])}

"""Images of different splits that show the same ground."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ktda_mmseg.scenes.prepare.footprints import related
from ktda_mmseg.utils.extras import needed_for

from ...datasets.reading import Footprint, may_be_placed
from .faults import Fault
from .scan import Facts

LEAST_SHARE = 1e-3  # of the smaller footprint; neighbours that touch share less by rounding
STEPS = 20  # pieces of a side that is brought to another reference system


def find_overlaps(facts: Sequence[Facts]) -> list[Fault]:
    """Find georeferenced images of different splits whose footprints overlap.

    Args:
        facts (Sequence[Facts]): Facts of all images.

    Returns:
        list[Fault]: An error for each image that overlaps one of an earlier split, which
        names the largest overlap; or a remark where rasterio or shapely is missing.
    """
    try:
        with needed_for('overlap on the ground', extra='raster'):
            import rasterio  # noqa: F401
            import shapely
    except ImportError as error:
        if not any(may_be_placed(fact.pair.image) for fact in facts):
            return []
        return [Fault('remark', 'not checked', str(error))]
    placed = [fact for fact in facts if fact.footprint is not None]
    if len({fact.pair.source.split for fact in placed}) < 2:
        return []
    shared: dict[int, list[tuple[float, int]]] = {}
    for members in related([fact.footprint and fact.footprint.crs for fact in placed]):
        footprints = [f for i in members if (f := placed[i].footprint) is not None]
        polygons = [shapely.Polygon(corners) for corners in _in_one_system(footprints)]
        tree = shapely.STRtree(polygons)
        for a, b in tree.query(polygons, predicate='intersects').T:
            i, j = members[a], members[b]
            if i < j and placed[i].pair.source.split != placed[j].pair.source.split:
                common = polygons[a].intersection(polygons[b]).area
                share = common / min(polygons[a].area, polygons[b].area)
                if share >= LEAST_SHARE:
                    shared.setdefault(j, []).append((share, i))
    return [
        _overlap(placed[j], [(share, placed[i]) for share, i in sorted(others, reverse=True)])
        for j, others in sorted(shared.items())
    ]


def _overlap(fact: Facts, others: Sequence[tuple[float, Facts]]) -> Fault:
    files = (fact.pair.image, *(other.pair.image for _, other in others))
    more = f' and less with {len(others) - 1} more' if others[1:] else ''
    message = (
        f'{files[0]}: expected other ground than that of other splits, found {others[0][0]:.1%} '
        f'overlap with {files[1]}{more}'
    )
    return Fault('error', 'overlap on the ground across splits', message, files)


def _in_one_system(footprints: Sequence[Footprint]) -> list[np.ndarray]:
    """Bring footprints to the reference system that most of them have; (P, 2) each."""
    stated = [footprint.crs for footprint in footprints if footprint.crs is not None]
    target = Counter(stated or ['']).most_common(1)[0][0]
    return [
        np.array(footprint.corners) if footprint.crs in {None, target} else _warp(footprint, target)
        for footprint in footprints
    ]


def _warp(footprint: Footprint, target: str) -> np.ndarray:
    from rasterio.warp import transform

    corners = np.array(footprint.corners)
    # straight sides bend
    along = np.linspace(0, 1, STEPS, endpoint=False)[:, None]
    sides = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    outline = np.concatenate([start + along * (end - start) for start, end in sides])
    return np.column_stack(transform(footprint.crs, target, *outline.T))

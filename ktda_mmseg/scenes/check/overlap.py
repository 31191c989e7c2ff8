"""Images of different splits that show the same ground."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from ktda_mmseg.scenes.prepare.footprints import related
from ktda_mmseg.utils.extras import needed_for

from ...datasets.reading import Footprint, may_be_placed
from .faults import Fault
from .scan import Facts

if TYPE_CHECKING:
    import shapely

LEAST_SHARE = 1e-3  # of the smaller footprint; neighbours that touch share less by rounding
PIECES = 80  # of an outline that is brought to another reference system


def find_overlaps(facts: Sequence[Facts]) -> list[Fault]:
    """Find georeferenced images that overlap one of an earlier split, each an error.

    It names the largest overlap; where rasterio or shapely is missing there is a remark instead.
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
        polygons = _in_one_system(footprints)
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


def _in_one_system(footprints: Sequence[Footprint]) -> list[shapely.Polygon]:
    """Bring footprints to the reference system that most of them have."""
    import shapely
    from rasterio.warp import transform

    stated = Counter(footprint.crs for footprint in footprints if footprint.crs is not None)
    target = stated.most_common(1)[0][0] if stated else None
    polygons = []
    for crs, corners in footprints:
        polygon = shapely.Polygon(corners)
        if crs not in (None, target):
            # straight sides bend
            pieces = shapely.segmentize(polygon, polygon.length / PIECES)
            polygon = shapely.transform(pieces, partial(transform, crs, target), interleaved=False)
        polygons.append(polygon)
    return polygons

"""The whole check of a config, all data sets to the end, and ground that splits have in common."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from joblib import cpu_count
from mmengine.config import Config

from ktda_mmseg.scenes.prepare.footprints import related
from ktda_mmseg.utils.class_count import class_count_fault
from ktda_mmseg.utils.extras import needed_for
from ktda_mmseg.utils.input_bands import bands_fault
from ktda_mmseg.utils.workers import HERE, Workers

from ...datasets.reading import Footprint, may_be_placed
from .borders import find_neighbours
from .duplicates import find_duplicates
from .faults import Fault
from .pairs import Pair, Source, list_pairs, read_sources
from .scan import Facts, scan
from .survey import Survey

if TYPE_CHECKING:
    import shapely

LEAST_SHARE = 1e-3  # of the smaller footprint; neighbours that touch share less by rounding
PIECES = 80  # of an outline that is brought to another reference system
AHEAD = 64  # pairs a worker that may be read before they are counted; 6 MB each at the most


class Checked(NamedTuple):
    """Result of a check.

    Attributes:
        sources (list[Source]): Folders that were read.
        pairs (list[Pair]): Their images and masks.
        surveys (list[Survey]): One a split.
        faults (list[Fault]): What was found.
    """

    sources: list[Source]
    pairs: list[Pair]
    surveys: list[Survey]
    faults: list[Fault]

    @property
    def failed(self) -> bool:
        """Whether there is any error."""
        return any(fault.severity == 'error' for fault in self.faults)


def check(config: Config, workers: Workers = HERE) -> Checked:
    """Check the data sets of a config, all of them to the end.

    Args:
        config (Config): A config with data loaders.
        workers (Workers): Who reads the files. Default: this process.

    Returns:
        Checked: What they hold and what is wrong.

    Raises:
        ValueError: If the config has no data set that can be checked.
        ImportError: If a file needs rasterio, which is not installed.
    """
    sources, faults = _distinct(read_sources(config))
    faults += _class_count(config, sources[0])
    surveys = {source.split: Survey(source.split, source.labels) for source in sources}
    pairs: list[Pair] = []
    for source in sources:
        listed, missing = list_pairs(source)
        pairs += listed
        faults += missing
    facts: list[Facts] = []
    with warnings.catch_warnings():  # for all threads
        warnings.simplefilter('ignore')
        found = workers.map(_scan, pairs, threads=cpu_count(), ahead=AHEAD, unit='pair')
        for pair, fact in zip(pairs, found, strict=True):
            fact.pair = pair  # not what a worker has made of it
            surveys[pair.source.split].add(fact)
            faults += fact.faults
            facts.append(fact)
    for survey in surveys.values():
        faults += survey.faults()
    faults += _bands(config, surveys.values())
    faults += find_duplicates(facts) + find_neighbours(facts) + find_overlaps(facts)
    return Checked(sources, pairs, list(surveys.values()), faults)


def _scan(pair: Pair) -> Facts:
    with warnings.catch_warnings():
        # what Pillow and rasterio warn of is told as a fault, or is none
        warnings.simplefilter('ignore')
        return scan(pair)


def _distinct(sources: Sequence[Source]) -> tuple[list[Source], list[Fault]]:
    """Drop folders that another split reads already, and say so."""
    seen: dict[tuple[Path, Path | None, str], Source] = {}
    faults = []
    for source in sources:
        key = source.images.resolve(), source.listing, source.image_suffix
        first = seen.setdefault(key, source)
        if first is source:
            continue
        trained = first.split == 'train' != source.split
        message = f'{source.split}: reads {source.images} as {first.split} does; checked once'
        faults.append(
            Fault('warning' if trained else 'remark', 'same folder in two splits', message)
        )
    return list(seen.values()), faults


def _class_count(config: Config, source: Source) -> list[Fault]:
    message = class_count_fault(config.get('model') or {}, source.labels.classes)
    return [Fault('error', 'number of classes', message)] if message else []


def _bands(config: Config, surveys: Iterable[Survey]) -> list[Fault]:
    model = config.get('model') or {}
    found = {len(survey.bands) for survey in surveys if survey.bands}
    messages = [bands_fault(model, bands) for bands in sorted(found)] if model else []
    return [Fault('error', 'bands of the model', message) for message in messages if message]


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

"""The whole check of a config, all data sets to the end."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from joblib import cpu_count
from mmengine.config import Config

from ktda_mmseg.utils.class_count import class_count_fault
from ktda_mmseg.utils.input_bands import bands_fault
from ktda_mmseg.utils.workers import HERE, Workers

from .borders import find_neighbours
from .duplicates import find_duplicates
from .faults import Fault
from .overlap import find_overlaps
from .pairs import Pair, Source, list_pairs, read_sources
from .scan import Facts, scan
from .survey import Survey

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

"""A study's results, row by row, as the tables and the page show them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from .definition import Row, Study

METRICS = ('mIoU', 'OA', 'mF1')
BY_CLASS = ('IoU', 'F1')
NAN = float('nan')


class Estimate(NamedTuple):
    """A mean over seeds with the 95 % interval of it by Student's t."""

    values: tuple[float, ...]  # of each seed
    mean: float  # NaN without any
    std: float  # of the sample; NaN for fewer than two, as are the ends of the interval
    low: float
    high: float

    @property
    def error(self) -> float:
        """Half the width of the interval, 0 where there is none."""
        return 0 if np.isnan(self.high) else self.high - self.mean

    def text(self, sign: str = '', digits: int = 2) -> str:
        """Write mean ± std, the mean alone of one seed, a dash of none."""
        if not self.values:
            return '-'
        std = '' if np.isnan(self.std) else f' ± {self.std:.{digits}f}'
        return f'{self.mean:{sign}.{digits}f}{std}'

    def interval(self, sign: str = '') -> str:
        """Write the interval, a dash where there is none."""
        return '-' if np.isnan(self.low) else f'{self.low:{sign}.2f} to {self.high:{sign}.2f}'


def estimate(values: Sequence[float | None]) -> Estimate:
    """Estimate a mean over seeds; None is a score of nothing, as JSON files hold it."""
    found = tuple(NAN if value is None else value for value in values)
    if len(found) < 2:
        return Estimate(found, found[0] if found else NAN, NAN, NAN, NAN)
    mean, std = float(np.mean(found)), float(np.std(found, ddof=1))
    half = stats.t.ppf(0.975, len(found) - 1) * std / np.sqrt(len(found))
    return Estimate(found, mean, std, float(mean - half), float(mean + half))


@dataclass(frozen=True)
class Summary:
    """All results of a row on a data set."""

    dataset: str
    row: Row
    seeds: tuple[int, ...]  # that the study asks for
    results: dict[
        int, dict[str, Any]
    ]  # what the JSON files hold, by seed, as far as they are there

    @property
    def first(self) -> dict[str, Any]:
        """The result of the first seed, for what all seeds share."""
        return next(iter(self.results.values()))

    @property
    def count(self) -> str:
        """How many seeds there are, and how many there should be."""
        return f'{len(self.results)} of {len(self.seeds)}'

    @property
    def matrix(self) -> np.ndarray:
        """Confusion matrix ``(K, K)`` over all seeds, true classes in rows."""
        return np.sum([result['test']['matrix'] for result in self.results.values()], axis=0)

    def score(self, metric: str) -> Estimate:
        """Return a score in percent over the seeds."""
        return estimate([result['test'][metric] for result in self.results.values()])

    def scores_by_class(self, metric: str) -> dict[str, Estimate]:
        """Return the IoU or F1 of each class, in percent, over the seeds."""
        if not self.results:
            return {}
        lists = [result['test'][metric] for result in self.results.values()]
        by_class = zip(self.first['classes'], zip(*lists, strict=True), strict=True)
        return {name: estimate(values) for name, values in by_class}

    def difference(self, other: 'Summary') -> Estimate:
        """Return the difference in mIoU to another row, in points, over the seeds of both."""
        both = sorted(self.results.keys() & other.results.keys())
        ours, theirs = (
            [summary.results[seed]['test']['mIoU'] for seed in both] for summary in (self, other)
        )
        return estimate([a - b for a, b in zip(ours, theirs, strict=True)])

    def cost(self, group: str, name: str) -> float:
        """Return the least of a measured number over the seeds, such as model and latency.

        Whatever else a machine does only adds to the time of a run.
        """
        return min(result[group][name] for result in self.results.values())


def summarise(study: Study, folder: Path) -> dict[str, dict[str, Summary]]:
    """Read the results of a study in its folder, by data set, and in it by row.

    ValueError if seeds of a row were trained with different configs.
    """
    return {
        dataset: {
            name: Summary(dataset, row, study.seeds, dict(_results(study, folder / dataset / name)))
            for name, row in study.rows.items()
        }
        for dataset in study.datasets
    }


def _results(study: Study, folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    digest = None
    for seed in study.seeds:
        path = folder / f'seed_{seed}.json'
        if path.is_file():
            content = json.loads(path.read_bytes())
            digest = digest or content['digest']
            if content['digest'] != digest:
                raise ValueError(
                    f'{path}: expected a result of the same config as the other seeds, '
                    f'{digest[:12]}, found {content["digest"][:12]}'
                )
            yield seed, content

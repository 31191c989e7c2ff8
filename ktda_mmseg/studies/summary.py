"""A study's results, row by row, as the tables and the page show them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .definition import Row, Study
from .statistics import Estimate, estimate, paired_difference

METRICS = ('mIoU', 'OA', 'mF1')
BY_CLASS = ('IoU', 'F1')


@dataclass(frozen=True)
class Summary:
    """All results of a row on a data set.

    Attributes:
        dataset (str): The data set.
        row (Row): The row.
        seeds (tuple[int, ...]): Seeds that the study asks for.
        results (dict[int, dict]): What the JSON files hold, by seed, as far as they are there.
    """

    dataset: str
    row: Row
    seeds: tuple[int, ...]
    results: dict[int, dict[str, Any]]

    @property
    def first(self) -> dict[str, Any]:
        """dict: The result of the first seed, for what all seeds share."""
        return next(iter(self.results.values()))

    @property
    def count(self) -> str:
        """str: How many seeds there are, and how many there should be."""
        return f'{len(self.results)} of {len(self.seeds)}'

    @property
    def matrix(self) -> np.ndarray:
        """np.ndarray: Confusion matrix ``(K, K)`` over all seeds, true classes in rows."""
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
        ours, theirs = (
            {seed: result['test']['mIoU'] for seed, result in summary.results.items()}
            for summary in (self, other)
        )
        return paired_difference(ours, theirs)

    def cost(self, group: str, name: str) -> float:
        """Return the least of a measured number over the seeds, such as model and latency.

        Whatever else a machine does only adds to the time of a run.
        """
        return min(result[group][name] for result in self.results.values())


def summarise(study: Study, folder: Path) -> dict[str, dict[str, Summary]]:
    """Read the results of a study.

    Args:
        study (Study): The study.
        folder (Path): Its folder of results.

    Returns:
        dict[str, dict[str, Summary]]: By data set, and in it by row.

    Raises:
        ValueError: If seeds of a row were trained with different configs.
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

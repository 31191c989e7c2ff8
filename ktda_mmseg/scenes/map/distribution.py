"""Strips of scenes shared over the processes of a launcher."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple, TypeVar

import numpy as np
from mmengine.dist import all_gather_object, get_rank, get_world_size
from torch import distributed

Value = TypeVar('Value')

# one process may be done hours before the last; the default would end the run after minutes
PATIENCE = timedelta(days=30)


class Share(NamedTuple):
    """What a process does for a scene.

    Attributes:
        scene (int): Number of the scene.
        strips (list[int]): Strips to predict, ascending.
        finishes (bool): Whether it is the one that writes the products.
        alone (bool): Whether no other process has strips of the scene.
    """

    scene: int
    strips: list[int]
    finishes: bool
    alone: bool


def share(
    missing: Sequence[Sequence[int]], costs: Sequence[float], count: int
) -> list[list[Share]]:
    """Share strips so that each process has about the same work, in one piece.

    So most scenes are one process' alone, which finishes them without waiting for others.

    Args:
        missing (Sequence[Sequence[int]]): Strips to predict of each scene, ascending.
        costs (Sequence[float]): What a strip of each scene costs, above 0.
        count (int): Number of processes.

    Returns:
        list[list[Share]]: For each process, in the order of the scenes.
    """
    total = sum(cost * len(strips) for strips, cost in zip(missing, costs, strict=True))
    before = 0.0
    shares: list[list[Share]] = [[] for _ in range(count)]
    for scene, (strips, cost) in enumerate(zip(missing, costs, strict=True)):
        middles = before + cost * (np.arange(len(strips)) + 0.5)
        before += cost * len(strips)
        owners = np.minimum(middles * count // (total or 1), count - 1).astype(int).tolist()
        # a scene of which all strips are there is to be finished all the same
        ranks = sorted(set(owners)) or [scene % count]
        for rank in ranks:
            mine = [strip for strip, owner in zip(strips, owners, strict=True) if owner == rank]
            shares[rank].append(Share(scene, mine, rank == ranks[0], len(ranks) == 1))
    return shares


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return first and stop of each run of consecutive numbers, which are ascending."""
    if not numbers:
        return []
    parts = np.split(np.array(numbers), np.flatnonzero(np.diff(numbers) != 1) + 1)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts]


class Ranks:
    """The processes of a launcher, or this one alone; all of them make one at the same point.

    Attributes:
        rank (int): This one's number.
        count (int): How many there are.
    """

    def __init__(self) -> None:
        self.rank, self.count = get_rank(), get_world_size()
        # gloo waits without a GPU
        self._group = (
            distributed.new_group(timeout=PATIENCE, backend='gloo') if self.count > 1 else None
        )

    def gather(self, value: Value) -> list[Value]:
        """Wait for all processes.

        Args:
            value (Value): Anything that can be pickled.

        Returns:
            list[Value]: What each gave, in the order of ranks.
        """
        return all_gather_object(value, self._group)

"""Generated training sets: no download, any size, the same for everyone."""

from functools import partial
from pathlib import Path

import numpy as np

from ktda_mmseg.utils.workers import HERE, Workers

from ...datasets.grass import GrassDataset
from ...datasets.l8_biome import L8BiomeDataset
from .drawn_scenes import cloud_scene, grass_scene
from .layout import Job, Tile, write_layout
from .splits import SPLITS
from .summary import Summary

KINDS = {  # scene, data set whose classes and image type it has
    'grass': (grass_scene, GrassDataset, '.tif'),
    'cloud': (cloud_scene, L8BiomeDataset, '.png'),
}


def prepare(
    out: Path,
    kind: str = 'grass',
    seed: int = 0,
    size: int = 256,
    train: int = 120,
    val: int = 30,
    test: int = 30,
    workers: Workers = HERE,
) -> Summary:
    """Generate a data set.

    An image depends on kind, seed, size, split and its number only, so a larger set holds the
    smaller one.

    Args:
        out (Path): Folder to create.
        kind (str): 'grass' (for ``GrassDataset``) or 'cloud' (for ``L8BiomeDataset``).
        seed (int): Any number from 0.
        size (int): Side of an image in pixels, at least 32.
        train (int): Number of training images, at least 1.
        val (int): Number of validation images, at least 1.
        test (int): Number of test images, at least 1.
        workers (Workers): Who does the work. Default: this process.

    Returns:
        Summary: What was written.

    Raises:
        ValueError: If an argument is outside its range.
    """
    counts = dict(zip(SPLITS, (train, val, test), strict=True))
    if kind not in KINDS or seed < 0 or size < 32 or min(counts.values()) < 1:
        raise ValueError(
            f'expected kind of {list(KINDS)}, seed from 0, size from 32 and counts from 1, got '
            f'kind {kind!r}, seed {seed}, size {size}, counts {counts}'
        )
    _, dataset, suffix = KINDS[kind]
    jobs = [
        Job(split, (f'{kind}_{index:05d}',), partial(_scene, kind, seed, size, split, index))
        for split, count in counts.items()
        for index in range(count)
    ]
    settings = {'set': f'synthetic {kind}', 'seed': seed, 'size': size, **counts}
    return write_layout(out, jobs, settings, dataset.METAINFO['classes'], suffix, workers)


def _scene(kind: str, seed: int, size: int, split: str, index: int) -> list[Tile]:
    rng = np.random.default_rng([seed, list(KINDS).index(kind), SPLITS.index(split), index])
    return [Tile(*KINDS[kind][0](rng, size))]

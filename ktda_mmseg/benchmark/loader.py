"""How fast the data pipeline of a config is: alone, and transform by transform."""

import statistics
import time
from collections import defaultdict
from collections.abc import Generator
from itertools import islice
from math import ceil
from typing import NamedTuple

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.utils import track_iter_progress
from mmseg.registry import DATASETS
from torch.utils.data import DataLoader

from ktda_mmseg.utils.pipelines import datasets_in
from ktda_mmseg.utils.tables import aligned

from .timing import Measurement

WARM_UP = 2  # rounds; a loader has two batches of each worker under way


class LoaderSpeed(NamedTuple):
    """What was measured of a data loader."""

    rates: list[float]  # samples a second in each round, a batch of every worker
    batch_size: int
    workers: int
    transforms: dict[str, float]  # seconds a sample in each transform, in one process

    def __str__(self) -> str:
        """Say it in a table of the transforms below a line on the whole."""
        total = sum(self.transforms.values())
        rows = [
            (name, f'{1000 * seconds:.2f} ms', f'{100 * seconds / total:.1f} %')
            for name, seconds in self.transforms.items()
        ]
        return '\n'.join(
            [
                f'data loader: {statistics.median(self.rates):.1f} samples/s, slowest round '
                f'{min(self.rates):.1f}, fastest {max(self.rates):.1f} of {len(self.rates)}; '
                f'batches of {self.batch_size}, {self.workers} workers',
                f'in one process {1000 * total:.2f} ms a sample:',
                aligned(rows),
            ]
        )

    def compared_with(self, training: Measurement) -> str:
        """Say whether the loader keeps up with a training step."""
        rate = training.images / training.median
        ratio = statistics.median(self.rates) / rate
        verdict = (
            'the data keep up'
            if ratio >= 1
            else f'the data do not keep up; raise train_dataloader.num_workers ({self.workers})'
        )
        return (
            f'training step of {training.label}: {rate:.1f} images/s, median '
            f'{1000 * training.median:.0f} ms, fastest {1000 * min(training.seconds):.0f} ms, '
            f'slowest {1000 * max(training.seconds):.0f} ms of {len(training.seconds)}\n'
            f'{verdict}: {ratio:.1f} times the rate of training'
        )


def measure_loader(config: Config, images: int) -> LoaderSpeed:
    """Time the training data of a config, ``images`` samples rounded up to whole rounds.

    Nothing consumes them. ValueError if ``images`` is below 1.
    """
    if images < 1:
        raise ValueError(f'expected at least 1 image, got {images}')
    init_default_scope('mmseg')
    settings = config.train_dataloader
    batches = max(1, settings.num_workers)
    samples = batches * settings.batch_size
    stream, rates = _endless(Runner.build_dataloader(settings, seed=0)), []
    for turn in track_iter_progress(range(WARM_UP + ceil(images / samples))):
        start = time.perf_counter()
        for _ in islice(stream, batches):
            pass
        if turn >= WARM_UP:
            rates.append(samples / (time.perf_counter() - start))
    stream.close()
    transforms = _time_transforms(settings.dataset, images)
    return LoaderSpeed(rates, settings.batch_size, settings.num_workers, transforms)


def _endless(loader: DataLoader) -> Generator[object, None, None]:
    while True:
        yield from loader


def _time_transforms(config: Config, images: int) -> dict[str, float]:
    """Return seconds a sample by the name of the transform, after one sample that is not timed.

    Of several data sets the first is timed.
    """
    dataset = DATASETS.build(next(datasets_in(config)))
    seconds: dict[str, float] = defaultdict(float)
    for index in range(images + 1):
        sample = dataset.get_data_info(index % len(dataset))
        for transform in dataset.pipeline.transforms:
            start = time.perf_counter()
            sample = transform(sample)
            if index:
                seconds[type(transform).__name__] += time.perf_counter() - start
    return {name: total / images for name, total in seconds.items()}

"""How fast the data pipeline of a config is: alone, and transform by transform."""

import statistics
import time
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass
from itertools import islice
from math import ceil

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.utils import track_iter_progress
from mmseg.registry import DATASETS
from torch.utils.data import DataLoader

from .interleave import Measurement

WARM_UP = 2  # rounds; a loader has two batches of each worker under way


@dataclass(frozen=True)
class LoaderSpeed:
    """What was measured of a data loader.

    Attributes:
        rates (list[float]): Samples a second in each round, a batch of every worker.
        batch_size (int): Samples a batch.
        workers (int): Loading processes.
        transforms (dict[str, float]): Seconds a sample in each transform, in one process.
    """

    rates: list[float]
    batch_size: int
    workers: int
    transforms: dict[str, float]

    def __str__(self) -> str:
        """Say it in a table of the transforms below a line on the whole."""
        total = sum(self.transforms.values())
        width = max(map(len, self.transforms))
        return '\n'.join(
            [
                f'data loader: {statistics.median(self.rates):.1f} samples/s, slowest round '
                f'{min(self.rates):.1f}, fastest {max(self.rates):.1f} of {len(self.rates)}; '
                f'batches of {self.batch_size}, {self.workers} workers',
                f'in one process {1000 * total:.2f} ms a sample:',
                *(
                    f'  {name:{width}}  {1000 * seconds:7.2f} ms  {100 * seconds / total:5.1f} %'
                    for name, seconds in self.transforms.items()
                ),
            ]
        )


def measure_loader(config: Config, images: int) -> LoaderSpeed:
    """Time the training data of a config, with nothing that consumes them.

    Args:
        config (Config): Its ``train_dataloader`` is measured as it stands.
        images (int): Samples to time, at least 1; rounded up to whole rounds.

    Returns:
        LoaderSpeed: The measurement.

    Raises:
        ValueError: If ``images`` is below 1.
    """
    if images < 1:
        raise ValueError(f'expected at least 1 image, got {images}')
    init_default_scope('mmseg')
    settings = config.train_dataloader
    batches = max(1, settings.num_workers)
    samples = batches * settings.batch_size
    loader = Runner.build_dataloader(settings, seed=0)
    stream, rates = _endless(loader), []
    for turn in track_iter_progress(range(WARM_UP + ceil(images / samples))):
        start = time.perf_counter()
        for _ in islice(stream, batches):
            pass
        if turn >= WARM_UP:
            rates.append(samples / (time.perf_counter() - start))
    stream.close()
    transforms = time_transforms(settings.dataset, images)
    return LoaderSpeed(rates, settings.batch_size, settings.num_workers, transforms)


def time_transforms(config: Config, images: int) -> dict[str, float]:
    """Time each transform of a data set in this process.

    Args:
        config (Config): Config of the data set.
        images (int): Samples to average over, after one that is not timed.

    Returns:
        dict[str, float]: Seconds a sample, by the name of the transform.
    """
    dataset = DATASETS.build(config)
    seconds: dict[str, float] = defaultdict(float)
    for index in range(images + 1):
        sample = dataset.get_data_info(index % len(dataset))
        for transform in dataset.pipeline.transforms:
            start = time.perf_counter()
            sample = transform(sample)
            if index:
                seconds[type(transform).__name__] += time.perf_counter() - start
    return {name: total / images for name, total in seconds.items()}


def compare(loader: LoaderSpeed, training: Measurement) -> str:
    """Say whether the loader keeps up with a training step.

    Args:
        loader (LoaderSpeed): The data.
        training (Measurement): The step.

    Returns:
        str: One line.
    """
    rate = training.images / training.median
    ratio = statistics.median(loader.rates) / rate
    verdict = (
        'the data keep up'
        if ratio >= 1
        else f'the data do not keep up; raise train_dataloader.num_workers ({loader.workers})'
    )
    return (
        f'training step of {training.label}: {rate:.1f} images/s, median '
        f'{1000 * training.median:.0f} ms, fastest {1000 * min(training.seconds):.0f} ms, slowest '
        f'{1000 * max(training.seconds):.0f} ms of {len(training.seconds)}\n'
        f'{verdict}: {ratio:.1f} times the rate of training'
    )


def _endless(loader: DataLoader) -> Generator[object, None, None]:
    while True:
        yield from loader

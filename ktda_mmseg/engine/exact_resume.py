"""Resumed training equals uninterrupted training, to the bit on a CPU.

mmengine saves no random state, and a loader with workers could not restore it anyway: the workers
have drawn ahead. So nothing random depends on what happened before: the order of samples is a
function of (seed, position), the augmentation of a sample too, and whatever the model draws in an
iteration is a function of (seed, iteration).
"""

import random
from collections.abc import Iterable, Iterator, Sized
from itertools import count

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmseg.registry import DATA_SAMPLERS, HOOKS, TRANSFORMS
from torch.utils.data import Sampler

from .unwrapping import unwrapped

TRANSFER = 'transfer'
SHARED = 'processes_and_images_of_step'


def derive_seed(*key: int) -> int:
    """Hash non-negative integers to a seed of 32 bits."""
    return int(np.random.SeedSequence(key).generate_state(1)[0])


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and PyTorch with ``seed``, 0 to 2**32 - 1."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


class SeededIndex(int):
    """A dataset index that knows the seed of its sample's augmentation."""

    seed: int

    @classmethod
    def create(cls, index: int, seed: int) -> 'SeededIndex':
        """Return ``index`` with ``seed`` attached; both survive the way to a worker."""
        seeded = cls(index)
        seeded.seed = seed
        return seeded


@DATA_SAMPLERS.register_module()
class ResumableSampler(Sampler[int]):
    """Sampler for training that can start at any position.

    It is endless, as training by iterations wants it, until :meth:`end_with_epoch` is called, which
    :class:`ExactResumeHook` does where training goes by epochs.

    Args:
        dataset (Sized): The dataset.
        shuffle (bool): Draw a new permutation for each pass over the data.
        seed (int | None): Seed; None lets the ranks agree on a random one.
    """

    def __init__(self, dataset: Sized, shuffle: bool = True, seed: int | None = None) -> None:
        self.rank, self.world_size = get_dist_info()
        self.size = len(dataset)
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else seed
        self.start = 0
        self.stop: int | None = None

    def __iter__(self) -> Iterator[int]:
        current, order = -1, list(range(self.size))
        steps: Iterable[int] = count(self.start)
        length = self.size  # of a pass, over all ranks
        if self.stop is not None:
            steps, length = range(self.start, self.stop), len(self) * self.world_size
        for step in steps:
            position = step * self.world_size + self.rank
            epoch, offset = divmod(position, length)
            if self.shuffle and epoch != current:
                generator = torch.Generator().manual_seed(derive_seed(self.seed, epoch))
                current, order = epoch, torch.randperm(self.size, generator=generator).tolist()
            # the last samples of an epoch that ranks cannot share evenly are its first ones
            index = order[offset % self.size]
            yield SeededIndex.create(index, derive_seed(self.seed, 0, position))

    def __len__(self) -> int:
        """Return the samples that a rank has in a pass over the data."""
        return -(-self.size // self.world_size)

    def end_with_epoch(self, epoch: int, num_samples: int) -> None:
        """Yield the samples of one epoch only."""
        self.stop = (epoch + 1) * len(self)
        self.start = min(epoch * len(self) + num_samples, self.stop)

    def skip(self, num_samples: int) -> None:
        """Start at the given number of samples a rank, without loading what lies before.

        mmengine's loop calls this when it resumes.
        """
        self.start = num_samples

    def set_epoch(self, epoch: int) -> None:
        """Do nothing: passes are counted by position, see :meth:`end_with_epoch`."""


@TRANSFORMS.register_module()
class SeedSample(BaseTransform):
    """Seed the augmentation of a sample; first transform of a training pipeline.

    Indices that do not come from :class:`ResumableSampler` leave the random state as it is.
    """

    def transform(self, results: dict) -> dict:
        """Seed by ``results['sample_idx']`` and return ``results`` unchanged."""
        index = results.get('sample_idx')
        if isinstance(index, SeededIndex):
            seed_everything(index.seed)
        return results


@HOOKS.register_module()
class ExactResumeHook(Hook):
    """Seed every iteration by its number and validate again where a resumed run starts.

    It keeps what only transfer trains, such as a teacher's own alignment, which is no part of the
    model's ``state_dict``, in the checkpoint under ``transfer``.

    A checkpoint is written before the validation that follows it; a run killed in between would
    otherwise never see that score, nor keep the best weights. Where training goes by epochs, it
    ends the :class:`ResumableSampler` with each of them, and a run that resumes within one has the
    rest of it.

    A run may resume on another number of processes if a step has as many images as before; they
    are then the same images.

    Raises:
        ValueError: If a step has another number of images since there are more processes, or less.
    """

    # after CheckpointHook, whose `before_train` has to come before a validation
    priority = 'LOWEST'

    def before_train(self, runner: Runner) -> None:
        """Validate if the run resumes where it validates."""
        loop = runner.train_loop
        done, last = runner.iter, loop.max_iters
        if isinstance(loop, EpochBasedTrainLoop):
            if steps_of_epoch(runner):  # the validation before this epoch was seen
                return
            done, last = runner.epoch, loop.max_epochs
        if (
            runner.val_loop is not None
            and done >= max(1, loop.val_begin)
            and (done % loop.val_interval == 0 or done == last)
        ):
            runner.val_loop.run()

    def before_train_epoch(self, runner: Runner) -> None:
        """Let the sampler end with the epoch, if the run goes by epochs."""
        loader = runner.train_loop.dataloader
        sampler = getattr(loader.batch_sampler, 'sampler', None)
        if isinstance(runner.train_loop, EpochBasedTrainLoop) and isinstance(
            sampler, ResumableSampler
        ):
            done = steps_of_epoch(runner) * loader.batch_sampler.batch_size
            sampler.end_with_epoch(runner.epoch, done)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add what only transfer trains, and how many processes share the images of a step."""
        checkpoint['meta'][SHARED] = [runner.world_size, images_of_step(runner)]
        transfer = getattr(unwrapped(runner.model), TRANSFER, None)
        if transfer is not None and (state := transfer.state_dict()):
            checkpoint[TRANSFER] = state

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Take it back when a run resumes."""
        if not runner._resume:
            return
        if TRANSFER in checkpoint:
            unwrapped(runner.model).transfer.load_state_dict(checkpoint[TRANSFER])
        ranks, images = found = runner.world_size, images_of_step(runner)
        before = checkpoint.get('meta', {}).get(SHARED, found)
        if before[0] != ranks and before[1] != images:
            raise ValueError(
                f'expected to resume with the {before[1]} images a step that {before[0]} '
                f'process(es) had together, got {images} by {ranks}: choose '
                'train_dataloader.batch_size, which is that of a process, accordingly'
            )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Seed what the model draws, such as dropout, differently on each rank."""
        seed_everything(derive_seed(runner.seed, 1, runner.iter, runner.rank))


def images_of_step(runner: Runner) -> int:
    """Return how many images all processes together see in a step."""
    # a batch sampler of a user's own need not say
    size = getattr(runner.train_dataloader.batch_sampler, 'batch_size', 1)
    return runner.world_size * size


def steps_of_epoch(runner: Runner) -> int:
    """Return how many steps of its epoch a run has taken already."""
    return max(0, runner.iter - runner.epoch * len(runner.train_loop.dataloader))

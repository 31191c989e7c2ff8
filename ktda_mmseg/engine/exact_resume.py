"""Resumed training equals uninterrupted training, to the bit on a CPU.

mmengine saves no random state, and a loader with workers could not restore it anyway: the workers
have drawn ahead. So nothing random depends on what happened before: the order of samples is a
function of (seed, position), the augmentation of a sample too, and whatever the model draws in an
iteration is a function of (seed, iteration).
"""

import random
from collections.abc import Iterator, Sized
from itertools import count

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import DATA_SAMPLERS, HOOKS, TRANSFORMS
from torch.utils.data import Sampler

from .unwrapping import unwrapped

TRANSFER = 'transfer'


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
    """Endless sampler for iteration-based training that can start at any position.

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

    def __iter__(self) -> Iterator[int]:
        current, order = -1, list(range(self.size))
        for step in count(self.start):
            position = step * self.world_size + self.rank
            epoch, offset = divmod(position, self.size)
            if self.shuffle and epoch != current:
                generator = torch.Generator().manual_seed(derive_seed(self.seed, epoch))
                current, order = epoch, torch.randperm(self.size, generator=generator).tolist()
            yield SeededIndex.create(order[offset], derive_seed(self.seed, 0, position))

    def __len__(self) -> int:
        return self.size

    def skip(self, num_samples: int) -> None:
        """Start at the given number of samples a rank, without loading what lies before.

        mmengine's loop calls this when it resumes.
        """
        self.start = num_samples

    def set_epoch(self, epoch: int) -> None:
        """Do nothing: passes are counted by position."""


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

    The checkpoint of an iteration is written before its validation; a run killed in between would
    otherwise never see that score, nor keep the best weights.
    """

    # after CheckpointHook, whose `before_train` has to come before a validation
    priority = 'LOWEST'

    def before_train(self, runner: Runner) -> None:
        """Validate if the run resumes at an iteration that validates."""
        loop = runner.train_loop
        if (
            runner.val_loop is not None
            and runner.iter >= max(1, loop.val_begin)
            and runner.iter % loop.val_interval == 0
        ):
            runner.val_loop.run()

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add what only transfer trains."""
        transfer = getattr(unwrapped(runner.model), TRANSFER, None)
        if transfer is not None and (state := transfer.state_dict()):
            checkpoint[TRANSFER] = state

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Take it back when a run resumes."""
        if runner._resume and TRANSFER in checkpoint:
            unwrapped(runner.model).transfer.load_state_dict(checkpoint[TRANSFER])

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Seed what the model draws, such as dropout, differently on each rank."""
        seed_everything(derive_seed(runner.seed, 1, runner.iter, runner.rank))

"""Validation and checkpoints that follow the length of training."""

from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmseg.registry import HOOKS


@HOOKS.register_module()
class EvenStopsHook(Hook):
    """Divide a run evenly, so that its length is said once, by ``max_iters`` or ``max_epochs``.

    It sets ``train_cfg.val_interval`` and the interval of the checkpoints. Schedulers without
    ``end`` reach to the end of training by themselves. A run by epochs stops at the ends of epochs,
    and less often if it has too few of them.

    Args:
        validations (int): How often to validate, the end included, at least 1.
        checkpoints (int): How often to save, the end included; a multiple of ``validations``.

    Raises:
        ValueError: If ``validations`` is below 1 or does not divide ``checkpoints``.
    """

    # before the hooks whose intervals it sets, and before one that validates in a resumed run
    priority = 'VERY_HIGH'

    def __init__(self, validations: int = 2, checkpoints: int = 8) -> None:
        if validations < 1 or checkpoints % validations:
            raise ValueError(
                'expected EvenStopsHook.validations of at least 1 that divide its checkpoints, got '
                f'{validations} and {checkpoints}'
            )
        self.validations, self.checkpoints = validations, checkpoints

    def before_train(self, runner: Runner) -> None:
        """Set the intervals."""
        loop = runner.train_loop
        by_epoch = isinstance(loop, EpochBasedTrainLoop)
        length = loop.max_epochs if by_epoch else loop.max_iters
        interval = max(1, length // self.checkpoints)
        loop.val_interval = interval * max(1, length // interval // self.validations)
        # the loop takes its interval from this list again and again
        loop.dynamic_intervals = [loop.val_interval] * len(loop.dynamic_intervals)
        unit = len(loop.dataloader) if by_epoch else 1  # iterations of a stop
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook):
                hook.interval = interval if by_epoch and hook.by_epoch else interval * unit

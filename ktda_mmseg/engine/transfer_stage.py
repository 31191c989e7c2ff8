"""A first stage of training in which the student learns from the teacher alone."""

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from .teacher_note import current_teacher
from .unwrapping import unwrapped


@HOOKS.register_module()
class TransferStageHook(Hook):
    """Train student and FAM by the transfer losses alone before the decoders join.

    A student that starts from random weights then has the teacher's features before labels pull it
    to what tells the training tiles apart. Pixels need no labels in this stage. It follows the
    number of the iteration, so a resumed run is in the same stage.

    On several ranks ``find_unused_parameters=True`` has to be set, as two_stages.py does: the
    decoders get no gradient in the first stage.

    Args:
        iters (int | None): Iterations of the first stage, above 0.
        share (float | None): The same as a share of all iterations, between 0 and 1.
        freeze (bool): Keep the student's backbone as it is after the first stage, its batch
            statistics included, so that labels train what follows it alone (GKD, arXiv
            2603.02554).

    Raises:
        ValueError: If ``iters`` is below 1, ``share`` is not between 0 and 1, or not just one of
            them is given.
    """

    def __init__(
        self, iters: int | None = None, share: float | None = None, freeze: bool = False
    ) -> None:
        if (iters is None) == (share is None):
            raise ValueError(f'expected iters or share in TransferStageHook, got {iters}, {share}')
        if iters is not None and iters < 1:
            raise ValueError(f'expected TransferStageHook.iters of at least 1, got {iters}')
        if share is not None and not 0 < share < 1:
            raise ValueError(f'expected TransferStageHook.share between 0 and 1, got {share}')
        self.iters = iters
        self.share = share
        self.freeze = freeze

    def before_train(self, runner: Runner) -> None:
        """Check that there is a teacher, and time left for the decoders.

        Raises:
            ValueError: If the model has no teacher, or training ends with this stage.
        """
        if current_teacher(runner) is None:
            raise ValueError('TransferStageHook: expected a KTDASegmentor with a teacher, got none')
        if self.steps(runner) >= runner.max_iters:
            raise ValueError(
                f'expected TransferStageHook.iters below train_cfg.max_iters={runner.max_iters}, '
                f'got {self.iters}'
            )

    def steps(self, runner: Runner) -> int:
        """Return the iterations of the first stage."""
        return self.iters or max(1, round((self.share or 0) * runner.max_iters))

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Say which stage this iteration belongs to."""
        model = unwrapped(runner.model)
        model.transfer_only = runner.iter < self.steps(runner)
        if self.freeze and not model.transfer_only:
            model.backbone.requires_grad_(False)
            model.backbone.train(False)

    def after_train(self, runner: Runner) -> None:
        """Leave the segmentor as it was built."""
        model = unwrapped(runner.model)
        model.transfer_only = False
        if self.freeze:
            model.backbone.requires_grad_(True)

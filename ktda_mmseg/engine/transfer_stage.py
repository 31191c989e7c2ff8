"""A first stage of training in which the student learns from the teacher alone."""

from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from .teacher_note import current_teacher
from .unwrapping import unwrapped

UNUSED = 'find_unused_parameters'


@HOOKS.register_module()
class TransferStageHook(Hook):
    """Train student and FAM by the transfer losses alone before the decoders join.

    A student that starts from random weights then has the teacher's features before labels pull it
    to what tells the training tiles apart. Pixels need no labels in this stage. It follows the
    number of the iteration, so a resumed run is in the same stage.

    The decoders get no gradient in the first stage, which several ranks have to expect of their
    model's wrapper: train.py tells it so.

    Args:
        iters (int | None): Iterations of the first stage, above 0.
        share (float | None): The same as a share of all iterations, between 0 and 1.
        freeze (bool): Keep the student's backbone as it is after the first stage, its batch
            statistics included, so that labels train what follows it alone (GKD, arXiv
            2603.02554).
        mixup (bool): Student and teacher see mixed images in the first stage, see
            :func:`~ktda_mmseg.models.mixup.mixed_images`; the teacher's maps cannot be cached then.

    Raises:
        ValueError: If ``iters`` is below 1, ``share`` is not between 0 and 1, or not just one of
            them is given.
    """

    def __init__(
        self,
        iters: int | None = None,
        share: float | None = None,
        freeze: bool = False,
        mixup: bool = False,
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
        self.mixup = mixup

    def before_train(self, runner: Runner) -> None:
        """Check that there is a teacher, and time left for the decoders."""
        if current_teacher(runner) is None:
            raise ValueError('TransferStageHook: expected a KTDASegmentor with a teacher, got none')
        if self.steps(runner) >= runner.max_iters:
            raise ValueError(
                f'expected TransferStageHook.iters below train_cfg.max_iters={runner.max_iters}, '
                f'got {self.iters}'
            )
        if getattr(runner.model, UNUSED, True) is False:
            raise ValueError(
                f'TransferStageHook on several ranks: expected {UNUSED}=True in the config, got '
                'False; `ktda train` sets it by itself'
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
        model.mixup = self.mixup and model.transfer_only
        if self.freeze and not model.transfer_only:
            model.backbone.requires_grad_(False)
            model.backbone.train(False)

    def after_train(self, runner: Runner) -> None:
        """Leave the segmentor as it was built."""
        model = unwrapped(runner.model)
        model.transfer_only = model.mixup = False
        if self.freeze:
            model.backbone.requires_grad_(True)


def expect_unused_parameters(config: Config) -> None:
    """Let several ranks train the first stage of a :class:`TransferStageHook`, if there is one.

    Args:
        config (Config): Config of the run, changed in place where it does not say otherwise; also
            its ``model_wrapper_cfg``, which mmengine reads instead where there is one.
    """
    hooks = [*config.get('custom_hooks', []), *config.get('default_hooks', {}).values()]
    if any(_has_stages(hook) for hook in hooks):
        config.setdefault(UNUSED, True)
    wrapper = config.get('model_wrapper_cfg')
    if wrapper is not None and UNUSED in config:
        wrapper.setdefault(UNUSED, config[UNUSED])


def _has_stages(hook: Any) -> bool:  # noqa: ANN401
    kind = hook.get('type') if isinstance(hook, dict) else type(hook)
    kind = HOOKS.get(kind) if isinstance(kind, str) else kind
    return isinstance(kind, type) and issubclass(kind, TransferStageHook)

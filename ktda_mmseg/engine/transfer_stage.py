"""Stages of training: the teacher alone, teacher and labels, the labels alone."""

from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from ktda_mmseg.caching.transforms import read_maps

from .teacher_note import current_teacher
from .unwrapping import unwrapped

UNUSED = 'find_unused_parameters'
WORDS = {'teacher': 'the teacher alone', 'both': 'teacher and labels', 'labels': 'labels alone'}


@HOOKS.register_module()
class TransferStageHook(Hook):
    """Say who teaches when: first the teacher alone, then teacher and labels, then labels alone.

    A student that starts from random weights has the teacher's features, in a first stage, before
    labels pull it to what tells the training tiles apart. Pixels need no labels in this stage. A
    student that knows nearly as much as its teacher, or more, is left to the labels at the ``end``
    (Cho and Hariharan, arXiv 1910.01348: teachers help early in training and harm late). The stage
    follows the number of the iteration, so a resumed run is in the same.

    The decoders get no gradient in the first stage, nor the alignment in the last one, which
    several ranks have to expect of their model's wrapper: train.py tells it so.

    Args:
        iters (int | None): Iterations of the first stage, above 0; None where ``share`` is given or
            there is none.
        share (float | None): The same as a share of all iterations, between 0 and 1.
        end (float | None): Share of all iterations after which labels alone teach, between 0 and 1.
            The loader then reads no more maps from a cache. None: the teacher stays.
        freeze (bool): Keep the student's backbone as it is after the first stage, its batch
            statistics included, so that labels train what follows it alone (GKD, arXiv
            2603.02554).
        mixup (bool): Student and teacher see mixed images in the first stage, see
            :func:`~ktda_mmseg.models.mixup.mixed_images`; the teacher's maps cannot be cached then.

    Raises:
        ValueError: If ``iters`` is below 1, ``share`` or ``end`` is not between 0 and 1, both
            ``iters`` and ``share`` are given, there is no stage at all, or ``freeze`` or ``mixup``
            without a first one.
    """

    def __init__(
        self,
        iters: int | None = None,
        share: float | None = None,
        end: float | None = None,
        freeze: bool = False,
        mixup: bool = False,
    ) -> None:
        if iters is not None and share is not None:
            raise ValueError(f'expected iters or share in TransferStageHook, got {iters}, {share}')
        if iters is not None and iters < 1:
            raise ValueError(f'expected TransferStageHook.iters of at least 1, got {iters}')
        for name, value in (('share', share), ('end', end)):
            if value is not None and not 0 < value < 1:
                raise ValueError(f'expected TransferStageHook.{name} between 0 and 1, got {value}')
        if iters is None and share is None and (end is None or freeze or mixup):
            wanted = 'iters or share' if end is not None else 'iters, share or end'
            raise ValueError(f'expected {wanted} in TransferStageHook, got none')
        self.iters = iters
        self.share = share
        self.end = end
        self.freeze = freeze
        self.mixup = mixup

    def before_train(self, runner: Runner) -> None:
        """Check that there is a teacher, and time left for the decoders."""
        if current_teacher(runner) is None:
            raise ValueError('TransferStageHook: expected a KTDASegmentor with a teacher, got none')
        first, last = self.bounds(runner)
        if first >= runner.max_iters:
            raise ValueError(
                f'expected TransferStageHook.iters below train_cfg.max_iters={runner.max_iters}, '
                f'got {self.iters}'
            )
        if last < first:
            raise ValueError(
                f'expected TransferStageHook.end behind the first stage of {first} iterations, got '
                f'{self.end}, which is iteration {last} of {runner.max_iters}'
            )
        if getattr(runner.model, UNUSED, True) is False:
            raise ValueError(
                f'TransferStageHook on several ranks: expected {UNUSED}=True in the config, got '
                'False; `ktda train` sets it by itself'
            )

    def bounds(self, runner: Runner) -> tuple[int, int]:
        """Return the iterations with which labels begin to teach, and the teacher ends."""

        def at(share: float) -> int:
            return max(1, round(share * runner.max_iters))

        first = self.iters or (at(self.share) if self.share else 0)
        return first, runner.max_iters if self.end is None else at(self.end)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Say which stage this iteration belongs to."""
        model = unwrapped(runner.model)
        first, last = self.bounds(runner)
        stage = 'teacher' if runner.iter < first else 'both' if runner.iter < last else 'labels'
        if stage != model.taught_by:
            print_log(f'from iteration {runner.iter + 1}: taught by {WORDS[stage]}', 'current')
            self._read_maps(runner, stage != 'labels')
        model.taught_by = stage
        model.mixup = self.mixup and stage == 'teacher'
        if self.freeze and stage != 'teacher':
            model.backbone.requires_grad_(False)
            model.backbone.train(False)

    def after_train(self, runner: Runner) -> None:
        """Leave segmentor and data as they were built."""
        model = unwrapped(runner.model)
        model.taught_by, model.mixup = 'both', False
        self._read_maps(runner, True)
        if self.freeze:
            model.backbone.requires_grad_(True)

    def _read_maps(self, runner: Runner, wanted: bool) -> None:
        if self.end is not None:  # else they are always wanted
            read_maps(runner.train_dataloader.dataset, wanted)


def expect_unused_parameters(config: Config) -> None:
    """Let several ranks train the stages of a :class:`TransferStageHook`, if there is one.

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

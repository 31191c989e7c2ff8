"""mmseg's IoUMetric, and how far the confidence of a model is from its accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import Evaluator
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmseg.evaluation import IoUMetric
from mmseg.registry import HOOKS, METRICS
from torch import nn

from ktda_mmseg.checkpoints.temperature import temperature_of
from ktda_mmseg.utils.confidence import bin_confidences, calibration_error, class_logits

from .unwrapping import unwrapped


@METRICS.register_module()
class ConfidenceIoUMetric(IoUMetric):
    """``IoUMetric`` that also gives 'ECE', the expected calibration error in percent.

    It is that of the label's probability, in 15 bins of equal width, over all pixels that are not
    ignored. 15 pairs of numbers are kept of each image. ``tools/test.py`` puts it in the place of
    ``IoUMetric``, with :class:`ConfidenceHook`.

    Attributes:
        temperature (float): What logits are divided by.
        threshold (float | None): Of a head with one output.
    """

    temperature = 1.0
    threshold: float | None = None

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Count the pixels of each image."""
        first = len(self.results)
        super().process(data_batch, data_samples)
        areas = self.results[first:]  # none where there are no labels
        self.results[first:] = zip(areas, map(self._bins, data_samples), strict=False)

    def _bins(self, sample: dict) -> Any:  # noqa: ANN401
        logits = class_logits(sample['seg_logits']['data'], self.threshold)
        truth = sample['gt_sem_seg']['data'].squeeze(0).to(logits.device)
        return bin_confidences(logits, truth, self.temperature, self.ignore_index)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Return the scores of ``IoUMetric``, and 'ECE'."""
        areas, bins = zip(*results, strict=True) if results else ((), ())
        scores = super().compute_metrics([*areas])
        if bins:
            scores['ECE'] = round(100 * calibration_error(sum(bins)), 2)
        return scores


def tell_confidence(evaluator: Evaluator, model: nn.Module, temperature: float) -> None:
    """Tell the metrics of an evaluator by which temperature and threshold a model predicts."""
    inner = unwrapped(model)
    head = getattr(getattr(inner, 'module', inner), 'decode_head', None)  # of views, the one
    for metric in evaluator.metrics:
        if isinstance(metric, ConfidenceIoUMetric):
            metric.temperature = temperature
            metric.threshold = getattr(head, 'threshold', None)


@HOOKS.register_module()
class ConfidenceHook(Hook):
    """Test by the temperature of the checkpoint: only what is tested takes one."""

    temperature = 1.0

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Look what it notes."""
        self.temperature = temperature_of(checkpoint, 'the checkpoint')

    def before_test(self, runner: Runner) -> None:
        """Tell the metric."""
        tell_confidence(runner.test_evaluator, runner.model, self.temperature)
        if self.temperature != 1:
            print_log(f'ECE is that at the temperature of the checkpoint, {self.temperature:.4g}')

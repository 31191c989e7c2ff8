"""Pictures of predictions, also where an image has more bands or bits than a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.runner import Runner
from mmseg.engine.hooks import SegVisualizationHook
from mmseg.registry import HOOKS
from mmseg.structures import SegDataSample


@HOOKS.register_module()
class PictureHook(SegVisualizationHook):
    """``SegVisualizationHook`` on any image that the project loads.

    mmseg's decodes images with OpenCV, which fails on eight bands. Arguments are the same.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self._tested = 0  # images; not every release of mmseg counts them

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict, outputs: Sequence[SegDataSample]
    ) -> None:
        """Draw the first image of every ``interval``-th validation batch."""
        step = runner.iter + batch_idx
        if self.draw and step % self.interval == 0:
            self._add('val', outputs[0], step)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict, outputs: Sequence[SegDataSample]
    ) -> None:
        """Draw every test image."""
        for sample in outputs if self.draw else ():
            self._tested += 1
            self._add('test', sample, self._tested)

    def _add(self, split: str, sample: SegDataSample, step: int) -> None:
        # late: it brings matplotlib, which runs that draw nothing do without
        from ktda_mmseg.datasets.pictures import read_picture

        self._visualizer.add_datasample(
            f'{split}_{Path(sample.img_path).name}',
            read_picture(sample.img_path, self.backend_args),
            data_sample=sample,
            show=self.show,
            wait_time=self.wait_time,
            step=step,
        )

"""mmseg's inferencer for models of any number of bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmcv.transforms import Compose
from mmengine.config import Config
from mmseg.apis import MMSegInferencer

from ktda_mmseg.datasets.pictures import read_picture
from ktda_mmseg.utils.pipelines import datasets_in


class RasterInferencer(MMSegInferencer):
    """``MMSegInferencer`` for configs that load images by ``LoadRasterFromFile``.

    mmseg's own puts a loader of 8-bit pictures in place of ``LoadImageFromFile``, and refuses a
    config without that step. This one leaves the steps as they are, those of the first data set
    where several are tested. It takes what mmseg's takes
    (https://mmsegmentation.readthedocs.io/en/latest/user_guides/3_inference.html), but files only.
    """

    def _init_pipeline(self, cfg: Config) -> Compose:
        steps = next(datasets_in(cfg.test_dataloader.dataset)).pipeline
        return Compose([_sample, *(step for step in steps if step['type'] != 'LoadAnnotations')])

    def visualize(
        self,
        inputs: Sequence[str],
        preds: Sequence[Any],
        **options: Any,  # noqa: ANN401
    ) -> list[np.ndarray] | None:
        """Draw predictions as ``MMSegInferencer`` does, over pictures of the first three bands."""
        return super().visualize(map(read_picture, inputs), preds, **options)


def _sample(path: str) -> dict[str, str]:
    return {'img_path': path}

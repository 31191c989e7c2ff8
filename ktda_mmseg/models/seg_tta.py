"""Test-time augmentation that a head of one output takes as well."""

import torch
from mmengine.structures import PixelData
from mmseg.models import SegTTAModel
from mmseg.registry import MODELS
from mmseg.utils import SampleList


@MODELS.register_module()
class BinarySegTTAModel(SegTTAModel):
    """``SegTTAModel`` for any head.

    mmseg's takes the sigmoid of what a head of one output has made probabilities of already, and
    labels every pixel with the foreground.
    """

    def merge_preds(self, data_samples_list: list[SampleList]) -> SampleList:
        """Average the views of each image."""
        merged = super().merge_preds(data_samples_list)
        if self.module.out_channels == 1:
            for sample, views in zip(merged, data_samples_list, strict=True):
                mean = torch.stack([view.seg_logits.data for view in views]).mean(0)
                labels = (mean > self.module.decode_head.threshold).to(mean)
                sample.set_data({'pred_sem_seg': PixelData(data=labels)})
        return merged

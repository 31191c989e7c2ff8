"""Test-time augmentation that a head of one output takes as well."""

from mmengine.structures import PixelData
from mmseg.models import SegTTAModel
from mmseg.registry import MODELS
from mmseg.utils import SampleList


@MODELS.register_module()
class BinarySegTTAModel(SegTTAModel):
    """``SegTTAModel`` for any head, with ``seg_logits`` of all views.

    mmseg's takes the sigmoid of what a head of one output has made probabilities of already, and
    labels every pixel with the foreground; and it leaves the logits of the last view.
    """

    def merge_preds(self, data_samples_list: list[SampleList]) -> SampleList:
        """Average the views of each image."""
        several = self.module.out_channels > 1
        means = [
            sum(v.seg_logits.data.softmax(0) if several else v.seg_logits.data for v in views)
            / len(views)
            for views in data_samples_list
        ]
        merged = super().merge_preds(data_samples_list)
        for sample, mean in zip(merged, means, strict=True):
            # as a model gives them: logits, but of one output its probability
            logits = mean.log() if several else mean
            sample.set_data({'seg_logits': PixelData(data=logits)})
            if not several:
                labels = (mean > self.module.decode_head.threshold).to(mean)
                sample.set_data({'pred_sem_seg': PixelData(data=labels)})
        return merged

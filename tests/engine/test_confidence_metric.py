"""A test gives the error of confidence beside the scores of IoUMetric."""

import json
import os

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import PixelData
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS, MODELS
from mmseg.structures import SegDataSample
from torch import distributed

from ktda_mmseg.engine.launch import start_cpu_group
from ktda_mmseg.engine.run_config import score_confidence
from ktda_mmseg.utils.confidence import bin_confidences, calibration_error

from .ranks import run_ranks

CLASSES = tuple('abc')


def samples(count=5, outputs=3):
    """What a model says of images of different sizes, a third of them without label."""
    random = torch.Generator().manual_seed(0)
    for index in range(count):
        size = (12 + index, 9)
        logits = torch.randn(outputs, *size, generator=random) * 3
        labels = logits.argmax(0, keepdim=True)
        if outputs == 1:
            logits = logits.sigmoid()
            labels = (logits > 0.3).long()
        truth = torch.randint(max(outputs, 2), (1, *size), generator=random)
        truth[:, :4] = 255
        yield SegDataSample(
            seg_logits=PixelData(data=logits),
            pred_sem_seg=PixelData(data=labels),
            gt_sem_seg=PixelData(data=truth),
        ).to_dict()


def metric_of(kind='ConfidenceIoUMetric', classes=CLASSES, **options):
    metric = METRICS.build(dict(type=kind, **options))
    metric.dataset_meta = dict(classes=classes)
    return metric


@pytest.mark.parametrize('temperature', [1.0, 2.5])
def test_the_error_is_that_of_all_pixels_and_scores_stay(temperature):
    ours, theirs = metric_of(), metric_of(IoUMetric)
    ours.temperature = temperature
    for sample in samples():
        ours.process({}, [sample])
    theirs.process({}, [*samples()])
    found = ours.evaluate(5)
    logits, truth = (
        torch.cat([sample[key]['data'].flatten(1) for sample in samples()], 1)
        for key in ('seg_logits', 'gt_sem_seg')
    )
    error = calibration_error(bin_confidences(logits, truth[0], temperature))
    assert found.pop('ECE') == pytest.approx(100 * error, abs=0.006)
    assert found == theirs.evaluate(5)
    assert 5 < 100 * error < 100


def score(folder):
    """Score the images of a rank, as a sampler shares and pads them."""
    rank = int(os.environ['RANK'])
    start_cpu_group('pytorch')
    metric, images = metric_of(), [*samples()]
    metric.process({}, [*images, images[0]][rank::2])
    (folder / str(rank)).write_text(json.dumps(metric.evaluate(5), default=float))
    distributed.destroy_process_group()


@pytest.mark.filterwarnings('ignore:.*use of fork:DeprecationWarning')
def test_two_ranks_count_every_image_once(tmp_path):
    assert run_ranks(score, tmp_path) == [0, 0]
    alone = metric_of()
    alone.process({}, [*samples()])
    expected = alone.evaluate(5)
    for rank in '01':
        assert json.loads((tmp_path / rank).read_text()) == pytest.approx(expected)


def test_an_output_of_one_channel_is_taken_at_its_threshold():
    metric = metric_of(classes=('rest', 'roof'))
    metric.threshold = 0.3
    metric.process({}, [*samples(outputs=1)])
    odds = torch.cat([s['seg_logits']['data'].flatten() for s in samples(outputs=1)]).double()
    truth = torch.cat([s['gt_sem_seg']['data'].flatten() for s in samples(outputs=1)])
    share = odds * 0.7 / (odds * 0.7 + (1 - odds) * 0.3)
    error = calibration_error(bin_confidences(torch.stack([1 - share, share]).log(), truth))
    assert metric.evaluate(5)['ECE'] == pytest.approx(100 * error, abs=0.006)


def test_images_without_labels_are_written_only(tmp_path):
    metric = metric_of(format_only=True, output_dir=str(tmp_path))
    (sample,) = samples(1)
    sample.update(img_path='a.png')
    del sample['gt_sem_seg']
    metric.process({}, [sample])
    assert metric.evaluate(1) == {} and (tmp_path / 'a.png').is_file()


def test_only_a_test_that_scores_labels_is_changed():
    def options(metric):
        return score_confidence(Config(dict(test_evaluator=metric)))

    assert options(dict(type='IoUMetric', iou_metrics=['mIoU'])).keys() == {
        'test_evaluator.type', 'default_hooks.confidence.type'
    }  # fmt: skip
    for metric in (None, [dict(type='IoUMetric')], dict(type='Own')):
        assert not options(metric)
    assert not options(dict(type='IoUMetric', format_only=True, output_dir='out'))


@pytest.mark.parametrize('outputs', [1, 2])
def test_views_leave_the_logits_of_their_mean(outputs, tiny_model):
    tiny_model.decode_head.update(num_classes=2, auxiliary=None)
    tiny_model.decode_head.decoder.update(out_channels=outputs, threshold=0.3)
    merge = MODELS.build(dict(type='BinarySegTTAModel', module=tiny_model)).merge_preds
    data = torch.rand(3, outputs, 4, 5, generator=torch.Generator().manual_seed(0))
    views = [SegDataSample(seg_logits=PixelData(data=one)) for one in data]
    for view in views:
        view.set_metainfo(dict(img_path='a.png'))
    (merged,) = merge([views])
    found = merged.seg_logits.data
    mean = (data.softmax(1) if outputs == 2 else data).mean(0)
    torch.testing.assert_close(found.softmax(0) if outputs == 2 else found, mean)
    labels = mean.argmax(0) if outputs == 2 else mean[0] > 0.3
    np.testing.assert_array_equal(merged.pred_sem_seg.data.squeeze(), labels)

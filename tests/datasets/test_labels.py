"""Mask values mean what mmseg makes of them."""

import numpy as np
import pytest
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import DATASETS
from PIL import Image

from ktda_mmseg.datasets.labels import labels_of


@pytest.mark.parametrize('reduce_zero_label', [False, True])
@pytest.mark.parametrize('classes', [None, ('Cloud', 'Clear')])
@pytest.mark.parametrize('ignore_index', [255, 1])
def test_each_stored_value_counts_as_mmseg_loads_it(
    tmp_path, reduce_zero_label, classes, ignore_index
):
    dataset = DATASETS.build(
        dict(
            type='L8BiomeDataset',
            metainfo=dict(classes=classes) if classes else None,
            reduce_zero_label=reduce_zero_label,
            ignore_index=ignore_index,
            lazy_init=True,
            pipeline=[],
        )
    )
    labels = labels_of(dataset, 'key')
    stored = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(stored).save(tmp_path / 'mask.png')
    sample = dict(
        seg_map_path=str(tmp_path / 'mask.png'),
        label_map=dataset.label_map,
        reduce_zero_label=reduce_zero_label,
        seg_fields=[],
    )
    loaded = LoadAnnotations(imdecode_backend='pillow')(sample)['gt_seg_map']
    number = len(labels.classes)
    for value, seen in zip(stored.flat, loaded.flat):
        counts, wrong = labels.tally(np.full((2, 1), value))
        if seen == ignore_index:
            assert counts[number] == 2 and not wrong
        elif seen < number:
            assert counts[seen] == 2 and not wrong
        else:
            assert wrong == {value: 2} and not counts.any()


@pytest.mark.parametrize('values', [[-1.0, 0.0, 2.5, np.nan], [300, -2, 70000, 1]])
def test_values_that_no_8_bit_mask_holds_are_wrong(values):
    dataset = DATASETS.build(dict(type='L8BiomeDataset', lazy_init=True, pipeline=[]))
    counts, wrong = labels_of(dataset, 'key').tally(np.array([values]))
    assert counts.sum() == 1
    assert len(wrong) == 3


def test_a_data_set_without_classes_is_named():
    dataset = DATASETS.build(dict(type='PairedSegDataset', lazy_init=True, pipeline=[]))
    with pytest.raises(ValueError, match=r'^val_dataloader: expected classes by metainfo'):
        labels_of(dataset, 'val_dataloader')

"""Which features are compared: those of the windows that the model predicts."""

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch.nn.functional import adaptive_avg_pool2d

from ktda_mmseg.models import FrozenTeacher
from ktda_mmseg.studies.features import similarity_by_level
from ktda_mmseg.studies.features.levels import extract, windows

MEASURES = {'backbone.cka', 'aligned.cka', 'aligned.cosine', 'aligned.l2'}


def batch(size=64, images=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    inputs = [
        torch.randint(0, 256, (3, size, size), generator=generator, dtype=torch.uint8)
        for _ in range(images)
    ]
    sample = SegDataSample(gt_sem_seg=PixelData(data=torch.zeros(1, size, size).long()))
    return dict(inputs=inputs, data_samples=[sample] * images)


@pytest.fixture
def model(tiny_model):
    return MODELS.build(tiny_model)


def test_a_student_is_compared_level_by_level(model):
    found = similarity_by_level(model, model.teacher, [batch(seed=i) for i in range(3)], 3)
    assert set(found) == MEASURES
    assert all(len(values) == 4 and np.isfinite(values).all() for values in found.values())
    assert all(0 <= value <= 1 for value in found['aligned.l2'] + found['backbone.cka'])
    assert model.training
    assert similarity_by_level(model, model.teacher, [batch(seed=i) for i in range(9)], 3) == found


class Itself(FrozenTeacher):
    """A teacher that is the student's own backbone, with alignment where asked for."""

    def __init__(self, model, align):
        self.model, self.align = model, align

    def __call__(self, inputs):
        with torch.no_grad():
            self.model.eval()
            own = self.model.backbone(inputs)
            return tuple(self.model.neck(own)) if self.align else own


def test_a_student_is_like_itself(model):
    found = similarity_by_level(model, Itself(model, align=True), [batch()], 1)
    assert found['aligned.cka'] == pytest.approx([1] * 4)
    assert found['aligned.cosine'] == pytest.approx([1] * 4)
    assert found['aligned.l2'] == pytest.approx([0] * 4, abs=1e-6)
    # other widths than those of the alignment: only what needs no widths
    found = similarity_by_level(model, Itself(model, align=False), [batch()], 1)
    assert found == {'backbone.cka': pytest.approx([1] * 4)}


def test_a_fused_alignment_is_compared_with_the_fused_teacher(tiny_model):
    tiny_model.neck.fuse = True
    tiny_model.decode_head = dict(
        type='FCNHead', in_channels=32, in_index=0, channels=8, num_classes=5
    )
    model = MODELS.build(tiny_model)
    found = similarity_by_level(model, model.teacher, [batch()], 1)
    assert {name: len(values) for name, values in found.items()} == {
        name: 4 if name.startswith('backbone') else 1 for name in MEASURES
    }


def test_both_maps_come_to_the_coarser_grid(model):
    inputs = torch.randn(1, 3, 64, 64)
    own, taught = model.eval().backbone(inputs), model.teacher(inputs)
    levels = extract(model, model.teacher, inputs)
    # the student's levels of 16, 8, 4 and 2 a side; the teacher's patches of 14 pixels
    assert [tuple(student.shape[2:]) for student, _ in levels.backbone] == [
        (5, 5),
        (5, 5),
        (4, 4),
        (2, 2),
    ]
    torch.testing.assert_close(levels.backbone[3][0], own[3])
    torch.testing.assert_close(levels.backbone[3][1], adaptive_avg_pool2d(taught[3], (2, 2)))


def test_a_model_that_slides_sees_windows_row_by_row(model):
    model.test_cfg = dict(mode='slide', crop_size=(32, 48), stride=(16, 16))
    raw = batch(size=100)
    cut, grid = windows(model, raw)
    whole = model.data_preprocessor(raw)['inputs']
    assert grid == (3, 2) and cut.shape == (12, 3, 32, 48)
    # the second image's last row, first column
    torch.testing.assert_close(cut[6 + 4], whole[1, :, 64:96, :48])
    model.test_cfg = dict(mode='whole')
    torch.testing.assert_close(windows(model, raw)[0], whole)


def test_another_number_of_levels_and_no_batch_are_named(model):
    teacher = model.teacher
    with pytest.raises(ValueError, match='at least one batch .* got 0'):
        similarity_by_level(model, teacher, [batch()], 0)
    teacher.backbone.out_indices = [3]
    with pytest.raises(ValueError, match='levels of the student as of the teacher, 1, got 4'):
        similarity_by_level(model, teacher, [batch()], 1)


def test_an_alignment_of_the_teachers_own_tells_which_levels_are_compared(tiny_model):
    align = dict(in_channels=[24, 48], in_index=[1, 3], out_channels=32, patch_size=14)
    tiny_model['teacher'].update(out_indices=[1, 3], alignment=align)
    model = MODELS.build(tiny_model)
    inputs = model.data_preprocessor(batch())['inputs']
    own = model.eval().backbone(inputs)
    backbone, aligned = extract(model, model.teacher, inputs)
    assert aligned == [] and len(backbone) == 2
    torch.testing.assert_close(backbone[1][0], own[3])

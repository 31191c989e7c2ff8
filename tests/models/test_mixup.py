"""Images mixed for student and teacher alike."""

from unittest.mock import patch

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmseg.registry import MODELS

from ktda_mmseg.models.mixup import mixed_images
from ktda_mmseg.models.teacher_maps import attach_maps


@settings(max_examples=30)
@given(st.integers(1, 6), st.integers(1, 9), st.integers(0, 1000))
def test_each_image_becomes_a_mixture_of_itself_and_one_other(count, width, seed):
    torch.manual_seed(seed)
    # the i-th image has a band i of its own, so that its share in each mixture can be read off
    images = torch.eye(count)[:, :, None, None].expand(-1, -1, 2, width)
    mixed = mixed_images(images)
    assert mixed.shape == images.shape
    shares = mixed[:, :, 0, 0]
    torch.testing.assert_close(shares.sum(1), torch.ones(count))
    assert (shares >= 0).all()
    assert (shares.count_nonzero(dim=1) <= 2).all()
    assert (shares.diagonal() > 0).all()
    # every image is mixed into one
    assert ((shares - shares.diagonal().diag()).count_nonzero(dim=0) <= 1).all()
    assert torch.equal(mixed, shares[:, :, None, None].expand_as(mixed))


def test_shares_are_drawn_evenly_and_anew():
    torch.manual_seed(0)
    images = torch.eye(2)[:, :, None, None]
    own = torch.stack([mixed_images(images).flatten(1).diagonal() for _ in range(2000)]).flatten()
    mixed = own[own < 1]  # the rest met themselves
    assert len(mixed) == pytest.approx(2000, abs=150)
    counts = torch.histc(mixed, bins=4, min=0, max=1) / len(mixed)
    assert counts.tolist() == pytest.approx([0.25] * 4, abs=0.05)


def test_student_and_teacher_see_the_same(tiny_model, make_samples):
    model = MODELS.build(tiny_model)
    model.taught_by, model.mixup = 'teacher', True
    images, samples = torch.randn(2, 3, 64, 64), make_samples(torch.zeros(2, 64, 64).long())
    with (
        patch.object(model.backbone, 'forward', wraps=model.backbone.forward) as student,
        patch.object(model.teacher, 'sight', wraps=model.teacher.sight) as teacher,
    ):
        model.loss(images, samples)
    (seen,), (_, shown) = student.call_args.args, teacher.call_args.args
    assert torch.equal(seen, shown)
    assert not torch.equal(seen, images)


def test_cached_maps_are_refused(tiny_model, make_samples):
    model = MODELS.build(tiny_model)
    model.taught_by, model.mixup = 'teacher', True
    samples = make_samples(torch.zeros(2, 64, 64).long())
    for sample in samples:
        attach_maps(sample, torch.zeros(16, dtype=torch.half), [(16, 1, 1)], 'any')
    with pytest.raises(ValueError, match='mixup without a teacher cache'):
        model.loss(torch.randn(2, 3, 64, 64), samples)

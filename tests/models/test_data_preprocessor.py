"""n bands: normalised as mmseg normalises three, through training, sliding windows and views."""

import numpy as np
import pytest
import torch
from mmengine.model import BaseModel
from mmseg.models import SegDataPreProcessor, SegTTAModel
from mmseg.registry import MODELS

from ktda_mmseg.models import MultiBandSegDataPreProcessor

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]


@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize(
    'options',
    [
        dict(bgr_to_rgb=True, size=(40, 48), seg_pad_val=254),
        dict(size_divisor=32, pad_val=3, test_cfg=dict(size_divisor=16)),
        dict(size_divisor=1),
    ],
)
def test_three_bands_are_treated_as_by_mmseg(make_samples, training, options):
    images = [torch.randint(0, 256, (3, 32, 40), dtype=torch.uint8) for _ in range(2)]
    made = []
    for kind in (SegDataPreProcessor, MultiBandSegDataPreProcessor):
        samples = make_samples(torch.arange(2 * 32 * 40).view(2, 32, 40) % 5)
        data = dict(inputs=list(images), data_samples=samples)
        made.append(kind(mean=MEAN, std=STD, **options)(data, training))
    theirs, ours = made
    assert torch.equal(ours['inputs'], theirs['inputs'])
    for mine, other in zip(ours['data_samples'], theirs['data_samples']):
        assert torch.equal(mine.gt_sem_seg.data, other.gt_sem_seg.data)
        assert mine.metainfo == other.metainfo


def test_every_band_has_its_own_mean_and_deviation():
    rng = np.random.default_rng(0)
    image = rng.normal(size=(8, 4, 5)).astype(np.float32)
    mean, std = rng.normal(size=8), rng.uniform(0.5, 2, 8)
    normalise = MultiBandSegDataPreProcessor(mean.tolist(), std.tolist())
    inputs = normalise(dict(inputs=[torch.from_numpy(image)]))['inputs']
    expected = (image - mean[:, None, None]) / std[:, None, None]
    np.testing.assert_allclose(inputs[0], expected, rtol=1e-5, atol=1e-6)
    assert not normalise.state_dict()  # as mmengine's, which keeps checkpoints free of them


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match='three bands only, got 4'):
        MultiBandSegDataPreProcessor([0.0] * 4, [1.0] * 4, bgr_to_rgb=True)
    for mean, std in (([0.0] * 4, [1.0] * 3), ([0.0], [0.0]), ([], [])):
        with pytest.raises(ValueError, match='expected a mean and a std above 0 for each band'):
            MultiBandSegDataPreProcessor(mean, std)
    with pytest.raises(ValueError, match='expected images of 2 bands, .*, got 1, 3'):
        images = [torch.zeros(1, 4, 4), torch.zeros(3, 4, 4)]
        MultiBandSegDataPreProcessor([0.0] * 2, [1.0] * 2)(dict(inputs=images))


@pytest.fixture
def eight_bands(tiny_model) -> BaseModel:
    """The tiny model on eight bands, taught by three of them."""
    tiny_model.data_preprocessor = dict(
        type='MultiBandSegDataPreProcessor', mean=[0.3] * 8, std=[0.2] * 8, size=(64, 64)
    )
    tiny_model.backbone.in_channels = 8
    tiny_model.teacher.bands = [2, 1, 0]
    tiny_model.test_cfg = dict(mode='slide', crop_size=(64, 64), stride=(32, 32))
    return MODELS.build(tiny_model)


def test_a_student_of_eight_bands_learns_from_a_teacher_of_three(eight_bands, make_samples):
    data = dict(
        inputs=[torch.rand(8, 50, 64) for _ in range(2)],
        data_samples=make_samples(torch.randint(0, 5, (2, 50, 64))),
    )
    batch = eight_bands.data_preprocessor(data, training=True)
    assert batch['inputs'].shape == (2, 8, 64, 64)
    losses = eight_bands.loss(**batch)
    sum(value for key, value in losses.items() if 'loss' in key).backward()
    assert 'transfer.loss_l2' in losses
    stem = next(eight_bands.backbone.parameters())
    assert (stem.grad.abs().amax((0, 2, 3)) > 0).all()


def test_windows_and_views_are_predicted(eight_bands, make_samples):
    views = [torch.rand(8, 80, 96), torch.rand(8, 96, 64)]
    samples = [make_samples(torch.zeros(1, 80, 96, dtype=torch.long))[0] for _ in views]
    for view, sample in zip(views, samples):
        size = tuple(view.shape[1:])
        sample.set_metainfo(dict(img_path='a.tif', img_shape=size, pad_shape=size, flip=False))
    model = SegTTAModel(module=eight_bands).eval()
    data = dict(inputs=[[view] for view in views], data_samples=[[s] for s in samples])
    with torch.no_grad():
        (merged,) = model.test_step(data)
    assert merged.pred_sem_seg.shape == (80, 96)

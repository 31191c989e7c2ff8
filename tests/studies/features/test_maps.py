"""Maps of windows come together as their image; their colours are those of NumPy's components."""

import numpy as np
import pytest
import torch
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from PIL import Image
from torch.nn.functional import interpolate

from ktda_mmseg.studies.features.attention import attention_by_level
from ktda_mmseg.studies.features.levels import extract, windows
from ktda_mmseg.studies.features.maps import coloured, colours, covered
from ktda_mmseg.studies.figures import draw_attention, draw_maps, draw_similarity, pixels_of


@pytest.fixture
def model(tiny_model):
    tiny_model.test_cfg = dict(mode='slide', crop_size=(32, 32), stride=(32, 32))
    return MODELS.build(tiny_model).eval()


@pytest.fixture
def batch(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (70, 96, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'a.png')
    sample = SegDataSample(metainfo=dict(img_path=str(tmp_path / 'a.png')))
    return dict(inputs=[torch.from_numpy(pixels).permute(2, 0, 1)], data_samples=[sample])


def by_hand(maps):
    """Put maps of 2 x 3 windows where they belong."""
    channels, height, width = maps.shape[1:]
    whole = torch.empty(channels, 2 * height, 3 * width)
    for index, window in enumerate(maps):
        top, left = index // 3 * height, index % 3 * width
        whole[:, top : top + height, left : left + width] = window
    return whole


def test_what_a_window_shows_lies_where_the_window_is(model, batch):
    [image] = coloured({'now': model}, model.teacher, [batch])
    assert list(image.maps) == ['teacher', 'student now', 'aligned now']
    inputs, (rows, columns) = windows(model, batch)
    assert (rows, columns) == (2, 3)
    seen = extract(model, model.teacher, inputs)
    for level, pair in enumerate(seen.backbone):
        own, taught = map(by_hand, pair)
        [expected], components = colours([taught])
        np.testing.assert_array_equal(image.maps['teacher'][level], expected)
        [expected], _ = colours([own], components)
        np.testing.assert_array_equal(image.maps['student now'][level], expected)
    assert image.maps['teacher'][0].shape == (6, 9, 3)


def test_the_picture_is_what_the_windows_cover(model, batch):
    picture = np.asarray(Image.open(batch['data_samples'][0].img_path))
    np.testing.assert_array_equal(covered(model, batch), picture[:64])


def test_a_teacher_that_is_the_student_has_the_same_colours(model, batch):
    def itself(inputs):
        with torch.no_grad():
            return model.backbone(inputs)

    itself.compared = None
    [image] = coloured({'': model}, itself, [batch])
    assert list(image.maps) == ['teacher', 'student']
    for teacher, student in zip(*image.maps.values()):
        assert abs(teacher.astype(int) - student).max() <= 1


def test_no_image_is_no_map(model):
    assert coloured({'': model}, model.teacher, []) == []


def test_figures_hold_their_pictures(model, batch):
    [image] = coloured({'': model}, model.teacher, [batch])
    image.maps['student'][2][:] = (12, 34, 56)
    drawn = pixels_of(draw_maps(*image))
    assert drawn.dtype == np.uint8 and (drawn == (12, 34, 56)).all(-1).mean() > 0.01


def test_a_missing_measure_leaves_its_curve_out():
    alone = {'backbone.cka': [0.1, 0.2]}
    full = {**alone, 'aligned.l2': [0.9, 0.8]}
    for found, count in (({'a': alone}, 1), ({'a': alone, 'b': full}, 2)):
        figure = draw_similarity(found)
        assert len(figure.axes) == count
        lines = [line for axes in figure.axes for line in axes.lines]
        values = [list(line.get_ydata()) for line in lines if len(line.get_ydata())]
        assert values == [v for name in full for m in found.values() for v in [m.get(name)] if v]


def test_attention_is_drawn_over_the_window(model):
    levels = attention_by_level(model, torch.randn(1, 3, 32, 32))
    figure = draw_attention(np.full((32, 32, 3), 200, np.uint8), levels)
    assert len(figure.axes) == 4 * 4
    shown = figure.axes[1].images[1].get_array()
    np.testing.assert_allclose(shown, levels[0].maps[0])


def features_of(seed=0, channels=6):
    """Return two images of different sizes, whose channels differ in strength."""
    generator = torch.Generator().manual_seed(seed)
    strengths = torch.arange(channels, 0, -1.0).view(-1, 1, 1)
    return [
        strengths * torch.randn(channels, *size, generator=generator) + 3
        for size in ((5, 7), (6, 4))
    ]


def tokens(maps):
    return np.concatenate([x.flatten(1).T.numpy() for x in maps]).astype(np.float64)


def test_components_are_those_of_the_covariance():
    features = features_of()
    pictures, found = colours(features)
    flat = tokens(features)
    variances, axes = np.linalg.eigh(np.cov(flat.T, bias=True))
    expected = (flat - flat.mean(0)) @ axes[:, :-4:-1] / np.sqrt(variances[:-4:-1])
    components = tokens(found)
    np.testing.assert_allclose(abs(components), abs(expected), atol=1e-5)
    assert [x.shape for x in pictures] == [(5, 7, 3), (6, 4, 3)]
    shades = np.concatenate([x.reshape(-1, 3) for x in pictures])
    low, high = np.percentile(components, (2, 98), axis=0)
    unit = np.clip((components - low) / (high - low), 0, 1)
    assert shades.dtype == np.uint8 and abs(shades - 255 * unit).max() <= 1


def test_a_rotated_copy_gets_the_same_colours_and_other_features_others():
    teacher = features_of()
    rotation = torch.linalg.qr(torch.randn(6, 6)).Q
    shown, components = colours(teacher)
    copies = [4 * torch.einsum('chw,cd->dhw', x, rotation) - 1 for x in teacher]
    same, _ = colours(copies, like=components)
    other, _ = colours(features_of(seed=1), like=components)
    for a, b, c in zip(same, shown, other):
        assert abs(a.astype(int) - b).max() <= 1
        assert np.corrcoef(c.ravel(), b.ravel())[0, 1] < 0.5


def test_the_teacher_may_lie_on_another_grid():
    teacher = features_of()
    fine = [interpolate(x[None], scale_factor=2)[0] for x in teacher]
    shown, _ = colours(teacher)
    same, _ = colours(teacher, like=colours(fine)[1])
    for a, b in zip(same, shown):
        # the sign of a component is arbitrary, its contrast is not
        either = [abs(a.astype(int) - x).max(axis=(0, 1)) for x in (b, 255 - b)]
        assert np.minimum(*either).max() <= 2


@pytest.mark.parametrize(
    'features', [features_of(channels=2), [torch.ones(4, 5, 7), torch.ones(4, 6, 4)]]
)
def test_narrow_and_constant_features_have_colours_too(features):
    pictures, components = colours(features, like=colours(features_of())[1])
    assert all(torch.isfinite(x).all() for x in components)
    assert pictures[0].shape == (5, 7, 3)


def test_constant_features_are_black():
    assert not colours([torch.ones(4, 5, 7)])[0][0].any()

"""Strips have no seams, are the same wherever work starts, and keep what is asked for."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from ktda_mmseg.scenes.map.reading import SceneReader
from ktda_mmseg.scenes.map.strips import Layers, predict_strips, quantise
from ktda_mmseg.scenes.map.temperature import tempered
from ktda_mmseg.scenes.map.windows import Grid

RADIUS = 3  # of the receptive field of three 3x3 convolutions


class Convolutional:
    """A fully convolutional model, zero-padded as segmentation networks are."""

    identity = 'convolutional'

    def __init__(self, card):
        self.card = card
        self.batches = []
        torch.manual_seed(0)
        layers = [nn.Conv2d(2, 6, 3, padding=1), nn.GELU(), nn.Conv2d(6, 6, 3, padding=1)]
        self.net = nn.Sequential(*layers, nn.GELU(), nn.Conv2d(6, 2, 3, padding=1))
        for weight in self.net.parameters():
            nn.init.normal_(weight, std=0.5)

    @torch.no_grad()
    def __call__(self, images):
        self.batches.append(len(images))
        assert images.dtype == np.float32
        return self.net(torch.from_numpy(images)).softmax(1).numpy()


@pytest.fixture
def model(card):
    return Convolutional(card)


def random_bands(height, width):
    return np.random.default_rng(1).normal(size=(2, height, width)).astype(np.float32)


def predict(path, model, window, overlap, strips=slice(None), batch_size=4):
    """Return probabilities and validity of some strips, each as one array, and the grid."""
    with SceneReader(path, model.card) as reader, ThreadPoolExecutor(1) as thread:
        grid = Grid(reader.profile.height, reader.profile.width, window, overlap)
        indices = range(len(grid.strips))[strips]
        ends = indices[0], indices[-1] + 1
        found = list(predict_strips(reader, model, grid, *ends, batch_size, thread))
    assert [strip.index for strip in found] == list(indices)
    assert [strip.valid.shape[0] for strip in found] == [
        stop - first for first, stop in grid.strips[strips]
    ]
    probabilities = np.concatenate([strip.probabilities for strip in found], 1)
    assert probabilities.dtype == np.float32
    return probabilities, np.concatenate([strip.valid for strip in found]), grid


@pytest.mark.parametrize(
    ('shape', 'window', 'overlap'),
    [
        ((70, 90), (32, 32), 16),
        ((50, 70), (32, 24), 12),
        ((70, 50), (24, 32), 20),  # more than half a window
        ((12, 90), (32, 32), 16),  # lower than a window
    ],
)
def test_no_seams(model, write, shape, window, overlap):
    assert overlap // 4 >= RADIUS
    bands = random_bands(*shape)
    blended, valid, _ = predict(write(bands), model, window, overlap)
    whole = model(bands[None])[0]
    inside = (slice(None), *[slice(RADIUS, -RADIUS)] * 2)
    assert np.ptp(whole[inside]) > 0.5
    np.testing.assert_allclose(blended[inside], whole[inside], rtol=0, atol=1e-4)
    assert valid.all()


def test_seams_would_be_seen(model, write):
    """Without a margin wider than the receptive field the same comparison fails."""
    bands = random_bands(70, 90)
    blended, _, _ = predict(write(bands), model, (32, 32), 4)
    inside = (slice(None), *[slice(RADIUS, -RADIUS)] * 2)
    assert np.abs(blended[inside] - model(bands[None])[0][inside]).max() > 1e-2


def test_the_border_is_that_of_the_reflected_scene(model, write):
    bands = random_bands(40, 40)
    blended, _, _ = predict(write(bands), model, (32, 32), 16)
    reflected = np.pad(bands, ((0, 0), (8, 8), (8, 8)), mode='reflect')
    whole = model(reflected[None])[0, :, 8:-8, 8:-8]
    np.testing.assert_allclose(blended, whole, rtol=0, atol=1e-4)


@pytest.mark.parametrize('overlap', [0, 5, 16, 28])
def test_a_strip_is_the_same_wherever_work_starts(model, write, overlap):
    bands = random_bands(90, 75)
    bands[:, 30:60, :40] = np.nan  # windows that are left out
    path = write(bands)
    whole, valid, grid = predict(path, model, (32, 32), overlap)
    for first in range(len(grid.strips)):
        part, its_valid, _ = predict(path, model, (32, 32), overlap, slice(first, first + 2))
        rows = slice(grid.strips[first][0], grid.strips[first][0] + part.shape[1])
        np.testing.assert_array_equal(part, whole[:, rows])
        np.testing.assert_array_equal(its_valid, valid[rows])


def test_a_batch_never_holds_windows_of_two_rows(model, write):
    _, _, grid = predict(write(random_bands(60, 90)), model, (32, 32), 16, batch_size=4)
    assert len(grid.columns.starts) == 6 and len(grid.rows.starts) == 4
    assert model.batches == [4, 2] * 4


def test_the_next_row_is_predicted_while_a_strip_is_worked_on(card, write):
    begun = threading.Event()

    class Told(Convolutional):
        def __call__(self, images):
            if len(self.batches) == 2:  # as many as a row has
                begun.set()
            return super().__call__(images)

    path = write(random_bands(60, 90))
    with SceneReader(path, card) as reader, ThreadPoolExecutor(1) as thread:
        strips = predict_strips(reader, Told(card), Grid(60, 90, (32, 32), 16), 0, 4, 4, thread)
        assert next(strips).index == 0
        assert begun.wait(200)
        assert [strip.index for strip in strips] == [1, 2, 3]


def test_a_single_pixel_is_a_window_of_its_colour(model, write):
    probabilities, _, _ = predict(write(random_bands(1, 1)), model, (16, 16), 8)
    window = np.broadcast_to(random_bands(1, 1), (1, 2, 16, 16)).copy()
    # the reader puts the scene behind the margin
    np.testing.assert_allclose(probabilities[:, 0, 0], model(window)[0, :, 2, 2], atol=1e-6)


def test_a_scene_without_data_needs_no_model(card, write):
    path = write(np.full((2, 50, 40), -1, np.int16), nodata=-1)

    class Unused(Convolutional):
        def __call__(self, images):
            raise AssertionError('no window holds data')

    _, valid, _ = predict(path, Unused(card), (16, 16), 8)
    assert valid.shape == (50, 40) and not valid.any()


def test_empty_pixels_are_filled_and_cost_only_the_windows_that_hold_others(model, write):
    bands = random_bands(16, 100)
    bands[:, :, 20:] = -5
    blended, valid, _ = predict(write(bands, nodata=-5), model, (16, 16), 8)
    # two rows of windows; three of a row, at -2, 6 and 14, reach columns below 20
    assert model.batches == [3, 3]
    assert valid[:, :20].all() and not valid[:, 20:].any()
    filled = np.where(valid, bands, np.array(model.card.fill, np.float32)[:, None, None])
    expected, _, _ = predict(write(filled, 'filled.tif'), model, (16, 16), 8)
    np.testing.assert_array_equal(blended[:, :, :20], expected[:, :, :20])


def test_what_a_model_raises_arrives(card, write):
    class Broken(Convolutional):
        def __call__(self, images):
            raise RuntimeError('out of memory')

    with pytest.raises(RuntimeError, match='out of memory'):
        predict(write(random_bands(40, 40)), Broken(replace(card)), (16, 16), 8)


def blended(scores, valid):
    probabilities = scores / scores.sum(0, keepdims=True)
    return SimpleNamespace(index=0, probabilities=probabilities.astype(np.float32), valid=valid)


@given(
    arrays(np.float32, (3, 2, 4), elements=st.floats(0.0625, 1, width=32)),
    arrays(bool, (2, 4)),
    st.sampled_from(['uint8', 'uint16']),
)
def test_values_are_the_probabilities_and_nodata_stays(scores, valid, dtype):
    one = blended(scores, valid)
    strip = quantise(one, Layers(confidence=True, probabilities=dtype))
    nodata = np.iinfo(dtype).max
    # half a step, and half of what float32 leaves between two values of so many steps
    one_half = (0.5 + np.spacing(np.float32(nodata - 1)) / 2) / (nodata - 1)
    assert strip.labels.dtype == np.uint8 and strip.probabilities.dtype == dtype
    for y, x in np.ndindex(2, 4):
        values = one.probabilities[:, y, x].tolist()
        if not valid[y, x]:
            assert strip.labels[y, x] == strip.confidence[y, x] == 255
            assert (strip.probabilities[:, y, x] == nodata).all()
            continue
        assert strip.labels[y, x] == values.index(max(values))
        assert abs(strip.confidence[y, x] / 254 - max(values)) <= 0.5001 / 254
        for stored, value in zip(strip.probabilities[:, y, x].tolist(), values):
            assert stored < nodata and abs(stored / (nodata - 1) - value) <= one_half


def test_what_has_no_data_may_hold_anything_but_nothing_else():
    scores = np.ones((2, 1, 2), np.float32)
    one = blended(scores, np.array([[True, False]]))
    one.probabilities[:, 0, 1] = np.nan
    strip = quantise(one, Layers(True, 'uint16'))
    assert strip.labels.tolist() == [[0, 255]] and strip.confidence.tolist() == [[127, 255]]
    one.probabilities[1, 0, 0] = np.nan
    with pytest.raises(ValueError, match='expected probabilities, found NaN'):
        quantise(one, Layers())


@given(
    arrays(np.float32, (3, 2, 4), elements=st.floats(0.0625, 1, width=32)),
    arrays(bool, (2, 4)),
    st.floats(0, 1),
    st.sampled_from([0.5, 1.0, 3.0]),
)
def test_what_is_unsure_has_no_label_and_the_rest_keeps_its_own(scores, valid, bound, temperature):
    one = blended(scores, valid)
    before = quantise(one, Layers(True), temperature)
    after = quantise(one, Layers(True, min_confidence=bound), temperature)
    sure = tempered(one.probabilities, temperature).max(0) >= bound
    assert (after.labels == np.where(sure, before.labels, 255)).all()
    assert (after.confidence == before.confidence).all()


def test_only_what_is_asked_for_is_kept():
    strip = quantise(blended(np.ones((2, 1, 1), np.float32), np.ones((1, 1), bool)), Layers())
    assert strip.confidence is None and strip.probabilities is None
    assert Layers().bytes_per_pixel(5) == 1
    assert Layers(True, 'uint16').bytes_per_pixel(5) == 12

"""Four views are averaged, each turned back before."""

import numpy as np

from ktda_mmseg.scenes.map.predictor import FlippedViews


class Shifting:
    """Says of each pixel what its left upper neighbour holds, so that every flip matters."""

    card = 'card'
    identity = 'shifting'

    def __call__(self, images):
        assert images.flags.c_contiguous
        return np.roll(images, (1, 1), (2, 3))


def test_four_views_are_averaged():
    images = np.random.default_rng(0).normal(size=(2, 3, 5, 7)).astype(np.float32)
    found = FlippedViews(Shifting())(images)
    neighbours = [np.roll(images, (y, x), (2, 3)) for y in (-1, 1) for x in (-1, 1)]
    np.testing.assert_allclose(found, sum(neighbours) / 4, atol=1e-6)
    assert found.dtype == np.float32


def test_it_is_a_predictor_of_its_own():
    views = FlippedViews(Shifting())
    assert views.card == 'card' and views.identity != 'shifting' and len(views.identity) == 64
    assert FlippedViews(Shifting()).identity == views.identity

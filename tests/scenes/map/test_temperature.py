"""A temperature changes probabilities as dividing logits does, and no label."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from ktda_mmseg.scenes.map.predictor import FlippedViews
from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.strips import BlendedStrip, Layers, quantise
from ktda_mmseg.scenes.map.temperature import tempered


@pytest.mark.parametrize('temperature', [0.5, 1.0, 2.5])
def test_it_is_that_of_logits(temperature):
    logits = np.random.default_rng(0).normal(scale=4, size=(2, 5, 6, 7)).astype(np.float32)
    found = tempered(softmax(logits, 1), temperature)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, softmax(logits / temperature, 1), atol=1e-6)
    np.testing.assert_allclose(tempered(found, 1 / temperature), softmax(logits, 1), atol=1e-6)


def test_what_is_kept_is_tempered_but_for_the_labels():
    # the second is less likely by what float32 no longer tells at a high temperature
    values = np.array([0.5, np.nextafter(np.float32(0.5), np.float32(0))], np.float32)
    strip = BlendedStrip(0, values[::-1].reshape(2, 1, 1), np.ones((1, 1), bool))
    assert quantise(strip, Layers(True), 9.0).labels.item() == 1
    strip = replace(strip, probabilities=np.float32([0.9, 0.1]).reshape(2, 1, 1))
    kept = quantise(strip, Layers(True, 'uint8'), 2.0)
    assert kept.probabilities.ravel().tolist() == [round(254 * 0.75), round(254 * 0.25)]
    assert kept.confidence.item() == round(254 * 0.75)


@pytest.mark.parametrize('views', [False, True])
def test_maps_have_the_same_labels_and_another_confidence(brightest, scene, tmp_path, views):
    rasterio = pytest.importorskip('rasterio')
    path, _ = scene()
    products, found = Products(Layers(confidence=True, probabilities='uint16')), {}
    for temperature in (1.0, 3.0):
        brightest.card = replace(brightest.card, temperature=temperature)
        model = FlippedViews(brightest) if views else brightest
        (result,) = SceneInferencer(model, products=products)([path], tmp_path / f'{temperature}')
        assert not result.error
        settings = json.loads(result.files['summary'].read_bytes())['settings']
        assert settings['temperature'] == temperature
        for kind in ('map', 'confidence', 'probabilities'):
            with rasterio.open(result.files[kind]) as file:
                found[kind, temperature] = file.read().astype(int)
    np.testing.assert_array_equal(found['map', 1.0], found['map', 3.0])
    valid = found['map', 1.0][0] < 255
    before, after = (found['probabilities', t][:, valid] / 65534 for t in (1.0, 3.0))
    # rounding to 16 bits says little where a probability is next to none
    clear = before.min(0) > 0.01
    odds = before[:, clear] ** (1 / 3)
    np.testing.assert_allclose(after[:, clear], odds / odds.sum(0), atol=1e-3)
    assert 10 < clear.sum() and np.abs(after - before)[:, clear].max() > 0.1
    confidence = found['confidence', 3.0][0][valid]
    np.testing.assert_allclose(confidence / 254, after.max(0), atol=0.51 / 254)

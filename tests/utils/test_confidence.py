"""Errors of confidence against a count by hand, temperatures against the factor that made them."""

import numpy as np
import pytest
import torch
from scipy.special import softmax

from ktda_mmseg.utils.confidence import (
    bin_confidences,
    calibration_error,
    class_logits,
    fit_temperature,
)


def drawn(pixels, classes=4, seed=0):
    """Logits, and labels that are as likely as these say."""
    logits = torch.randn(classes, pixels, generator=torch.Generator().manual_seed(seed)) * 2
    shares = softmax(logits.numpy(), 0)
    chance = np.random.default_rng(seed).random(pixels)
    return logits, torch.from_numpy((chance > shares.cumsum(0)[:-1]).sum(0))


@pytest.mark.parametrize('temperature', [1.0, 0.4, 3.0])
def test_the_error_is_that_of_a_count_by_hand(temperature):
    logits, truth = drawn(300)
    truth[:40], truth[40:50] = 255, 7  # to be ignored, and no class
    bins = [[] for _ in range(15)]
    for values, label in zip(logits.T.tolist(), truth.tolist()):
        if label < 4:
            shares = softmax(np.array(values) / temperature)
            right = float(shares.argmax() == label)
            bins[min(int(shares.max() * 15), 14)].append((right, shares.max()))
    means = [(len(one), *np.mean(one, 0)) for one in bins if one]
    expected = sum(n * abs(right - said) for n, right, said in means) / 250
    # image by image, as a test does
    parts = [slice(0, 90), slice(90, 91), slice(91, 300)]
    found = sum(bin_confidences(logits[:, part], truth[part], temperature) for part in parts)
    assert found[:, 0].tolist() == [len(one) for one in bins]
    assert calibration_error(found) == pytest.approx(expected, abs=1e-6)
    assert expected > 0.01


def test_a_model_that_is_sure_and_right_three_times_of_four_errs_by_a_quarter():
    logits = torch.tensor([[200.0], [0.0]]).expand(2, 8)
    truth = torch.tensor([0, 0, 0, 1] * 2)
    assert calibration_error(bin_confidences(logits, truth)) == pytest.approx(0.25)
    assert np.isnan(calibration_error(bin_confidences(logits, torch.full_like(truth, 255))))


@pytest.mark.parametrize('factor', [0.5, 1.0, 1.7, 4.0])
def test_the_temperature_is_the_factor_that_logits_were_scaled_by(factor):
    logits, truth = drawn(200_000)
    assert fit_temperature(logits * factor, truth) == pytest.approx(factor, rel=0.02)
    found = bin_confidences(logits * factor, truth, factor)
    assert calibration_error(found) < 0.005


@pytest.mark.parametrize('threshold', [None, 0.2])
def test_one_output_becomes_two_classes_with_the_labels_of_its_threshold(threshold):
    probability = torch.rand(1, 20, 30, generator=torch.Generator().manual_seed(0))
    logits = class_logits(probability, threshold)
    labels = (probability[0] > (threshold or 0.5)).long()
    assert torch.equal(logits.argmax(0), labels) and 100 < labels.sum() < 500
    if threshold is None:
        torch.testing.assert_close(logits.softmax(0)[1], probability[0])


@pytest.mark.parametrize(
    ('logits', 'message'),
    [
        (torch.zeros(2, 0), 'expected labelled pixels, found none'),
        (torch.tensor([[1.0, np.nan], [0, 0]]), 'expected logits, found NaN or infinity'),
        (torch.tensor([[9.0, 9], [0, 0]]), 'but 0.1 is as good: the model is right nearly'),
        (torch.tensor([[9.0, 0], [0, 9]]), 'but 10 is as good: the model is as good as random'),
    ],
)
def test_pixels_that_tell_no_temperature_are_refused(logits, message):
    with pytest.raises(ValueError, match=message):
        fit_temperature(logits, torch.zeros(logits.size(1), dtype=torch.int64))

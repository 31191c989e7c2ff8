"""Removal of thin clouds against scipy, and on scenes whose clear view is known."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from projects.cloud_baselines.thin_cloud_removal import ThinCloudRemoval


@pytest.fixture
def scene() -> torch.Tensor:
    """A clear image ``(1, 3, 60, 72)`` of dark and bright fields with texture."""
    generator = torch.Generator().manual_seed(0)
    fields = torch.rand(1, 3, 5, 6, generator=generator).repeat_interleave(12, 2)
    fields = fields.repeat_interleave(12, 3)
    return (0.1 + 0.5 * fields + 0.02 * torch.rand(fields.shape, generator=generator)).clamp(0, 1)


def test_airlight_and_bound_are_those_of_scipy(scene):
    remove = ThinCloudRemoval()
    airlight = remove.airlight(scene)
    pixels = scene[0].numpy()
    darkest = np.stack([ndimage.minimum_filter(band, 15, mode='nearest') for band in pixels])
    expected = darkest.max(axis=(1, 2))
    np.testing.assert_allclose(airlight.flatten(), expected)
    light = expected[:, None, None]
    low, high = 20 / 255, 300 / 255
    bound = np.maximum((light - pixels) / (light - low), (light - pixels) / (light - high))
    bound = np.clip(bound.max(axis=0), 0, 1)
    closed = ndimage.maximum_filter(bound, 3, mode='nearest')
    closed = ndimage.minimum_filter(closed, 3, mode='nearest')
    np.testing.assert_allclose(remove.lower_bound(scene, airlight)[0, 0], closed, atol=1e-5)


def test_filters_are_those_of_kirsch_and_laplace_around_a_pixel():
    remove = ThinCloudRemoval()
    north = np.array([[5, 5, 5], [-3, 0, -3], [-3, -3, -3]]) / np.sqrt(3 * 25 + 5 * 9)
    laplace = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]) / np.sqrt(72)
    image = np.random.default_rng(0).random((7, 9))
    spectra = torch.fft.rfft2(remove.centred_filters((7, 9)))
    edges = torch.fft.irfft2(torch.fft.rfft2(torch.from_numpy(image)) * spectra, s=(7, 9))
    for expected in (*(np.rot90(north, turn) for turn in range(4)), laplace):
        wanted = ndimage.convolve(image, expected, mode='wrap')
        assert any(np.allclose(found, wanted, atol=1e-5) for found in edges.numpy())


def test_a_constant_transmission_stays(scene):
    remove = ThinCloudRemoval()
    transmission = torch.full((1, 1, 60, 72), 0.7)
    torch.testing.assert_close(remove.regularise(transmission, scene), transmission)


def test_transmission_is_smoothed_within_fields_and_not_across_them():
    remove = ThinCloudRemoval()
    image = torch.zeros(1, 3, 40, 40)
    image[..., 20:] = 1.0
    step = 0.3 + 0.4 * image[:, :1]
    noisy = step + 0.1 * torch.randn(1, 1, 40, 40)
    smooth = remove.regularise(noisy, image)
    inner = (..., slice(3, -3), slice(4, 16))
    assert smooth[inner].std() < 0.5 * noisy[inner].std()
    across = smooth[..., 24:36].mean() - smooth[..., 4:16].mean()
    assert across.item() == pytest.approx(0.4, abs=0.05)


def test_a_hazy_scene_becomes_clearer(scene):
    hazy = 0.6 * scene + 0.4 * 0.9
    clear = ThinCloudRemoval()(hazy)
    assert clear.min() >= 0 and clear.max() <= 1
    assert clear.std() > 1.2 * hazy.std()
    assert (clear - scene).abs().mean() < 0.6 * (hazy - scene).abs().mean()


def test_images_without_any_contrast_stay_finite():
    for value in (0.0, 20 / 255, 1.0):
        assert ThinCloudRemoval()(torch.full((1, 3, 16, 16), value)).isfinite().all()

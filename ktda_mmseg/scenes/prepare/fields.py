"""Random fields that generated scenes are made of."""

import cv2
import numpy as np


def random_field(
    rng: np.random.Generator,
    size: int,
    slope: float,
    longest: float = 1.0,
    stretch: float = 1.0,
    angle: float = 0.0,
) -> np.ndarray:
    """Draw a Gaussian random field whose power falls with spatial frequency.

    White noise is filtered in the Fourier domain. More is drawn than kept, so that opposite edges
    do not match.

    Args:
        rng (np.random.Generator): Source of randomness.
        size (int): Side of the field in pixels.
        slope (float): Power falls as frequency to minus this; 0 is white noise, 4 is smooth.
        longest (float): Longest wavelength, as a share of ``size``. Default: 1.
        stretch (float): Ratio of the wavelengths along and across ``angle``. Default: 1.
        angle (float): Direction of the stretch in radians, from x towards y. Default: 0.

    Returns:
        np.ndarray: (size, size), float32, mean 0 and standard deviation 1.
    """
    drawn = 2 * (size * 5 // 8)
    fy, fx = np.meshgrid(np.fft.fftfreq(drawn), np.fft.rfftfreq(drawn), indexing='ij')
    along, across = fx * np.cos(angle) + fy * np.sin(angle), fy * np.cos(angle) - fx * np.sin(angle)
    frequency = np.hypot(along * stretch, across)
    amplitude = np.maximum(frequency, 1 / (longest * size)) ** (-slope / 2)
    amplitude[0, 0] = 0
    noise = np.fft.rfft2(rng.standard_normal((drawn, drawn)))
    field = np.fft.irfft2(noise * amplitude)[:size, :size]
    return ((field - field.mean()) / field.std()).astype(np.float32)


def smoothstep(field: np.ndarray, low: float, high: float) -> np.ndarray:
    """Rise smoothly from 0 below ``low`` to 1 above ``high``.

    Args:
        field (np.ndarray): Any shape.
        low (float): Where the rise begins.
        high (float): Where it ends, above ``low``.

    Returns:
        np.ndarray: Same shape, in 0..1.
    """
    t = np.clip((field - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def hillshade(relief: np.ndarray, azimuth: float, strength: float) -> np.ndarray:
    """Shade a relief by the sun.

    Args:
        relief (np.ndarray): Heights (H, W).
        azimuth (float): Direction the light comes from, in radians from x towards y.
        strength (float): Standard deviation of the result.

    Returns:
        np.ndarray: Brightness factor (H, W), mean 1.
    """
    dy, dx = np.gradient(relief)
    slope = dx * np.cos(azimuth) + dy * np.sin(azimuth)
    return 1 + strength * (slope - slope.mean()) / (slope.std() + 1e-12)


def shift(field: np.ndarray, azimuth: float, distance: float) -> np.ndarray:
    """Move a field away from the sun, repeating its edge.

    Args:
        field (np.ndarray): (H, W), float32.
        azimuth (float): Direction the light comes from, in radians from x towards y.
        distance (float): How far, in pixels.

    Returns:
        np.ndarray: (H, W), float32.
    """
    move = -distance * np.array([np.cos(azimuth), np.sin(azimuth)])
    matrix = np.array([[1, 0, move[0]], [0, 1, move[1]]], np.float32)
    return cv2.warpAffine(field, matrix, field.shape[::-1], borderMode=cv2.BORDER_REPLICATE)


def blend(below: np.ndarray, above: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Lay one image over another.

    Args:
        below (np.ndarray): (H, W, 3).
        above (np.ndarray): (H, W, 3) or (3,).
        alpha (np.ndarray): Opacity (H, W), in 0..1.

    Returns:
        np.ndarray: (H, W, 3).
    """
    return below + alpha[..., None] * (above - below)

"""A generated satellite view of land under thick cloud, thin cloud and cloud shadow."""

import numpy as np

from .fields import blend, hillshade, random_field, shift, smoothstep

CLEAR, SHADOW, THIN, THICK = range(4)  # the order of L8BiomeDataset's classes
LANDS = (  # pairs of surface colours, reflectance in 0..1
    ((0.10, 0.16, 0.08), (0.24, 0.26, 0.15)),  # forest and fields
    ((0.36, 0.29, 0.21), (0.55, 0.46, 0.35)),  # desert
    ((0.20, 0.21, 0.14), (0.38, 0.33, 0.22)),  # steppe
    ((0.05, 0.10, 0.13), (0.16, 0.19, 0.14)),  # wetland
)


def cloud_scene(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw one scene.

    Args:
        rng (np.random.Generator): Source of randomness.
        size (int): Side in pixels.

    Returns:
        tuple[np.ndarray, np.ndarray]: RGB (size, size, 3), classes 0-3 (size, size), uint8.
    """
    margin = size // 8  # clouds outside the image cast shadows into it
    kept = slice(margin, margin + size)
    size += 2 * margin
    sun = rng.uniform(0, 2 * np.pi)
    height = random_field(rng, size, 4.2, longest=0.4) + 0.12 * random_field(rng, size, 2.6, 0.1)
    level = rng.uniform(0.1, 1.1)
    thick = smoothstep(height, level, level + 0.45)
    wisps = random_field(
        rng, size, 4.0, 0.6, stretch=rng.uniform(1, 3), angle=rng.uniform(0, np.pi)
    )
    # thin cloud is a veil of its own and the rim of thick cloud
    veil = 0.6 * smoothstep(wisps, rng.uniform(-0.1, 0.9), 2.2)
    veil = np.maximum(veil, 0.55 * smoothstep(height, level - 0.35, level + 0.2))
    shadow = shift(thick, sun, margin * rng.uniform(0.4, 1))

    image = _land(rng, size, sun) * (1 - 0.62 * shadow)[..., None]
    image = blend(image, np.array([0.83, 0.85, 0.88]), veil)
    tops = 0.86 * hillshade(height, sun, 0.06) + 0.05 * random_field(rng, size, 2.6, 0.1)
    image = blend(image, tops[..., None] * np.array([0.99, 1.0, 1.02]), thick)
    image = (image + rng.normal(0, 0.006, image.shape))[kept, kept]

    classes = np.full((size, size), CLEAR, np.uint8)
    classes[shadow > 0.5] = SHADOW
    classes[veil > 0.2] = THIN
    classes[thick > 0.5] = THICK
    low, high = np.percentile(image, (0.1, 99.9))
    return (np.clip((image - low) / (high - low), 0, 1) * 255).astype(np.uint8), classes[kept, kept]


def _land(rng: np.random.Generator, size: int, sun: float) -> np.ndarray:
    """Two surface colours mixed in patches, some sharp, some gradual, on a relief, with water."""
    first, second = LANDS[rng.integers(len(LANDS))]
    mix = smoothstep(random_field(rng, size, 2.4, 0.5), -0.8, 0.9)
    plots = np.sign(random_field(rng, size, 4.0, 0.15)) * 0.12
    land = blend(np.array([[first]]), np.array(second), np.clip(mix + plots, 0, 1))
    land = (
        land * hillshade(random_field(rng, size, 3.2, 0.4), sun, rng.uniform(0.04, 0.2))[..., None]
    )
    land *= 1 + 0.05 * random_field(rng, size, 0.8, 0.1)[..., None]
    water = smoothstep(np.abs(random_field(rng, size, 4.2, 0.6)), 0.0, 0.05)
    return blend(np.array([[[0.03, 0.07, 0.10]]]), land, np.maximum(water, rng.random() < 0.6))

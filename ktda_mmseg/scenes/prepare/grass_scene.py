"""A generated aerial view of grassland in five levels of cover."""

import numpy as np

from .fields import blend, hillshade, random_field, shift, smoothstep

THRESHOLDS = (0.2, 0.4, 0.6, 0.8)  # share of ground covered, between the five levels


def grass_scene(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw one scene.

    The share of ground under blades is a smooth density; the level is that density's, while a pixel
    shows a blade, its shadow or soil. So colour alone does not tell the level: texture does.

    Args:
        rng (np.random.Generator): Source of randomness.
        size (int): Side in pixels.

    Returns:
        tuple[np.ndarray, np.ndarray]: RGB image (size, size, 3) and levels 0-4 (size, size), uint8.
    """
    sun, wind = rng.uniform(0, 2 * np.pi), rng.uniform(0, np.pi)
    density = _density(rng, size)
    blades = 0.75 * random_field(rng, size, 1.4, longest=0.04, stretch=2.5, angle=wind)
    blades += 0.65 * random_field(rng, size, 2.0, longest=0.06)
    # the normal quantile of the density, roughly: that share of the blade field lies below it
    cover = smoothstep(2.1 * (2 * density - 1) - blades, -0.35, 0.35)
    shadow = np.clip(shift(cover, sun, 1.6) - cover, 0, 1)

    image = blend(_soil(rng, size), _grass(rng, size, density), cover)
    image *= (1 - 0.45 * shadow - 0.12 * cover * (blades > 0.4))[..., None]
    image *= hillshade(random_field(rng, size, 3.6, longest=0.6), sun, 0.07)[..., None]
    image *= rng.uniform(0.88, 1.1) * rng.normal(1, 0.02, 3)
    image += rng.normal(0, 4, image.shape)
    levels = np.digitize(density, THRESHOLDS).astype(np.uint8)
    return np.clip(image, 0, 255).astype(np.uint8), levels


def _density(rng: np.random.Generator, size: int) -> np.ndarray:
    """Share of covered ground: broad gradients, finer variation, bare patches."""
    field = random_field(rng, size, 4.2, longest=0.8) + 0.15 * random_field(rng, size, 4.0, 0.15)
    density = 0.52 + rng.normal(0, 0.13) + 0.26 * field
    bare = smoothstep(random_field(rng, size, 4.5, longest=0.25), 1.7, 2.1)
    return np.clip(density, 0.02, 0.98) * (1 - 0.95 * bare)


def _soil(rng: np.random.Generator, size: int) -> np.ndarray:
    """Brown to grey ground with stones."""
    colour = blend(
        np.array([[[150, 118, 88]]], float), np.array([152, 136, 114]), rng.random((1, 1))
    )
    grain = 0.06 * random_field(rng, size, 2.2, 0.3) + 0.06 * random_field(rng, size, 0.6, 0.05)
    return colour * (1 + grain)[..., None]


def _grass(rng: np.random.Generator, size: int, density: np.ndarray) -> np.ndarray:
    """Green to straw-coloured blades; dryness hardly follows density."""
    dryness = 0.16 * random_field(rng, size, 3.2, 0.5) + rng.normal(0.55, 0.1) - 0.45 * density
    lush, straw = np.array([[[78, 108, 52]]], float), np.array([158, 148, 92])
    grain = 1 + 0.09 * random_field(rng, size, 0.8, 0.05)
    return blend(lush, straw, np.clip(dryness, 0, 1)) * grain[..., None]

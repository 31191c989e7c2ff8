"""Generated training sets: no download, any size, the same for everyone."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from ktda_mmseg.utils.workers import HERE, Workers

from ...datasets.grass import GrassDataset
from ...datasets.l8_biome import L8BiomeDataset
from .jobs import Job, Tile
from .layout import write_layout
from .splits import SPLITS
from .summary import Summary

THRESHOLDS = (0.2, 0.4, 0.6, 0.8)  # share of ground covered, between the five levels
CLEAR, SHADOW, THIN, THICK = range(4)  # the order of L8BiomeDataset's classes
LANDS = (  # pairs of surface colours, reflectance in 0..1
    ((0.10, 0.16, 0.08), (0.24, 0.26, 0.15)),  # forest and fields
    ((0.36, 0.29, 0.21), (0.55, 0.46, 0.35)),  # desert
    ((0.20, 0.21, 0.14), (0.38, 0.33, 0.22)),  # steppe
    ((0.05, 0.10, 0.13), (0.16, 0.19, 0.14)),  # wetland
)


def grass_scene(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw an aerial view of grassland: RGB (size, size, 3) and levels 0-4 (size, size), uint8.

    The share of ground under blades is a smooth density; the level is that density's, while a pixel
    shows a blade, its shadow or soil. So colour alone does not tell the level: texture does.
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


def cloud_scene(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a satellite view of land under clouds and their shadows.

    Returns RGB (size, size, 3) and classes 0-3 (size, size), uint8.
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


def random_field(
    rng: np.random.Generator,
    size: int,
    slope: float,
    longest: float = 1.0,
    stretch: float = 1.0,
    angle: float = 0.0,
) -> np.ndarray:
    """Draw a Gaussian random field, (size, size), float32, of mean 0 and standard deviation 1.

    White noise is filtered so that its power falls as frequency to minus ``slope`` (0 is white
    noise, 4 is smooth) from wavelengths of ``longest`` times ``size`` on; ``stretch`` is the ratio
    of wavelengths along and across ``angle``, in radians from x towards y. More is drawn than kept,
    so that opposite edges do not match.
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
    """Rise smoothly from 0 below ``low`` to 1 above ``high``."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def hillshade(relief: np.ndarray, azimuth: float, strength: float) -> np.ndarray:
    """Return brightness factors, of mean 1, of a relief under a sun; azimuth from x towards y."""
    dy, dx = np.gradient(relief)
    slope = dx * np.cos(azimuth) + dy * np.sin(azimuth)
    return 1 + strength * (slope - slope.mean()) / (slope.std() + 1e-12)


def shift(field: np.ndarray, azimuth: float, distance: float) -> np.ndarray:
    """Move a float32 field away from the sun by a distance in pixels, repeating its edge."""
    move = -distance * np.array([np.cos(azimuth), np.sin(azimuth)])
    matrix = np.array([[1, 0, move[0]], [0, 1, move[1]]], np.float32)
    return cv2.warpAffine(field, matrix, field.shape[::-1], borderMode=cv2.BORDER_REPLICATE)


def blend(below: np.ndarray, above: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Lay colours over an image (H, W, 3) with an opacity (H, W) in 0..1."""
    return below + alpha[..., None] * (above - below)


KINDS = {  # scene, data set whose classes and image type it has
    'grass': (grass_scene, GrassDataset, '.tif'),
    'cloud': (cloud_scene, L8BiomeDataset, '.png'),
}


def prepare(
    out: Path,
    kind: str = 'grass',
    seed: int = 0,
    size: int = 256,
    train: int = 120,
    val: int = 30,
    test: int = 30,
    workers: Workers = HERE,
) -> Summary:
    """Generate a data set.

    An image depends on kind, seed, size, split and its number only, so a larger set holds the
    smaller one.

    Args:
        out (Path): Folder to create.
        kind (str): 'grass' (for ``GrassDataset``) or 'cloud' (for ``L8BiomeDataset``).
        seed (int): Any number from 0.
        size (int): Side of an image in pixels, at least 32.
        train (int): Number of training images, at least 1.
        val (int): Number of validation images, at least 1.
        test (int): Number of test images, at least 1.
        workers (Workers): Who does the work. Default: this process.

    Returns:
        Summary: What was written.

    Raises:
        ValueError: If an argument is outside its range.
    """
    counts = dict(zip(SPLITS, (train, val, test), strict=True))
    if kind not in KINDS or seed < 0 or size < 32 or min(counts.values()) < 1:
        raise ValueError(
            f'expected kind of {list(KINDS)}, seed from 0, size from 32 and counts from 1, got '
            f'kind {kind!r}, seed {seed}, size {size}, counts {counts}'
        )
    _, dataset, suffix = KINDS[kind]
    jobs = [
        Job(split, (f'{kind}_{index:05d}',), partial(_scene, kind, seed, size, split, index))
        for split, count in counts.items()
        for index in range(count)
    ]
    settings = {'set': f'synthetic {kind}', 'seed': seed, 'size': size, **counts}
    return write_layout(out, jobs, settings, dataset.METAINFO['classes'], suffix, workers)


def _scene(kind: str, seed: int, size: int, split: str, index: int) -> list[Tile]:
    rng = np.random.default_rng([seed, list(KINDS).index(kind), SPLITS.index(split), index])
    return [Tile(*KINDS[kind][0](rng, size))]

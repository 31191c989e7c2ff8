"""One pair of files to facts and faults, decoding each file once."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .faults import Fault
from .likeness import Likeness, likeness
from .pairs import Pair
from .reading import Footprint, Raster, read_image, read_mask
from .sources import Reading
from .statistics import Band


@dataclass
class Facts:
    """What is known of a pair; what could not be read stays None.

    Attributes:
        pair (Pair): The files.
        faults (list[Fault]): What is wrong with them.
        shape (tuple[int, int] | None): Height and width of the image.
        dtype (str | None): Type of its values.
        bands (list[Band]): Distribution of each band that is used; none where there is no data.
        likeness (Likeness | None): None for images of a single value, which all look alike.
        footprint (Footprint | None): Where it lies.
        labels (np.ndarray | None): Pixels of each class and, last, ignored ones, (K + 1,).
    """

    pair: Pair
    faults: list[Fault] = field(default_factory=list)
    shape: tuple[int, int] | None = None
    dtype: str | None = None
    bands: list[Band] = field(default_factory=list)
    likeness: Likeness | None = None
    footprint: Footprint | None = None
    labels: np.ndarray | None = None

    def fault(self, kind: str, message: str, path: Path) -> None:
        """Note an error of one of the files."""
        self.faults.append(Fault('error', kind, f'{path}: {message}', (self.pair.image,)))


def scan(pair: Pair) -> Facts:
    """Read an image and its mask and look at every pixel.

    Args:
        pair (Pair): The files.

    Returns:
        Facts: What they hold, and what is wrong with them.

    Raises:
        ImportError: If the image needs rasterio, which is not installed.
    """
    facts = Facts(pair)
    try:
        _look_at_image(facts, read_image(pair.image, pair.source.reading))
    except ValueError as error:
        facts.faults.append(Fault('error', 'unreadable file', str(error), (pair.image,)))
    if pair.mask is not None:
        try:
            _look_at_mask(facts, pair.mask, read_mask(pair.mask))
        except ValueError as error:
            facts.faults.append(Fault('error', 'unreadable file', str(error), (pair.image,)))
    return facts


def _look_at_image(facts: Facts, raster: Raster) -> None:
    path, reading = facts.pair.image, facts.pair.source.reading
    pixels = raster.pixels
    facts.shape, facts.dtype = pixels.shape[:2], pixels.dtype.name
    facts.footprint = raster.footprint
    if reading.eight_bit and pixels.dtype != np.uint8:
        expected = 'expected 8 bits, or LoadRasterFromFile in the pipeline'
        facts.fault('type of values', f'{expected}, found {facts.dtype}', path)
    used = _used_bands(pixels, reading)
    if used is None:
        expected = f'at least {max(reading.selected)}' if reading.selected else f'{reading.bands}'
        facts.fault('bands', f'expected {expected} bands, found {pixels.shape[2]}', path)
        return
    valid = _valid(used, raster.nodata)
    _refuse_nonfinite(facts, used[valid])
    values = (used[..., band][valid] for band in range(used.shape[2]))
    finite = [v[np.isfinite(v)] if v.dtype.kind == 'f' else v for v in values]
    if all(v.size for v in finite):
        facts.bands = [Band.of(v) for v in finite]
    if any(band.low < band.high for band in facts.bands):
        facts.likeness = likeness(used)
    else:
        message = f'{path}: expected a picture, found a single value a band or no data'
        facts.faults.append(Fault('warning', 'image of one value', message, (path,)))


def _used_bands(pixels: np.ndarray, reading: Reading) -> np.ndarray | None:
    """Select the bands that are trained on; None where the file lacks them."""
    if reading.selected:
        if max(reading.selected) > pixels.shape[2]:
            return None
        return pixels[..., [band - 1 for band in reading.selected]]
    return pixels if reading.bands in (None, pixels.shape[2]) else None


def _valid(pixels: np.ndarray, nodata: float | None) -> np.ndarray:
    """Tell which pixels (H, W) hold data in all bands."""
    if nodata is None:
        return np.ones(pixels.shape[:2], bool)
    return ~(np.isnan(pixels) if np.isnan(nodata) else pixels == nodata).any(-1)


def _refuse_nonfinite(facts: Facts, values: np.ndarray) -> None:
    if values.dtype.kind != 'f':
        return
    found = {'NaN': np.isnan(values).any(-1).sum(), 'infinity': np.isinf(values).any(-1).sum()}
    words = ', '.join(f'{name} in {count} pixels' for name, count in found.items() if count)
    if words:
        facts.fault('NaN or infinity', f'expected finite values, found {words}', facts.pair.image)


def _look_at_mask(facts: Facts, path: Path, mask: np.ndarray) -> None:
    labels = facts.pair.source.labels
    mask = mask.squeeze()
    if mask.ndim != 2:
        facts.fault('bands', f'expected a mask of 1 band, found {mask.shape[-1]}', path)
        return
    if facts.shape not in (None, mask.shape):
        expected = f'the size of its image, {_size(facts.shape)}'
        facts.fault('size of mask', f'expected {expected}, found {_size(mask.shape)}', path)
    facts.labels, wrong = labels.tally(mask)
    if wrong:
        words = ', '.join(f'{value:g} in {count} pixels' for value, count in wrong.items())
        facts.fault('label values', f'expected labels {labels.known}, found {words}', path)
    elif not facts.labels[:-1].any():
        message = f'{path}: expected labelled pixels, found only ignored ones'
        facts.faults.append(Fault('warning', 'mask is all ignore', message, (facts.pair.image,)))


def _size(shape: tuple[int, ...]) -> str:
    return f'{shape[1]}x{shape[0]} pixels (width x height)'

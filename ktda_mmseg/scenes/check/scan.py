"""One pair of files to facts and faults, decoding each file once."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...datasets.reading import Footprint, Raster, read_image, read_mask
from ...datasets.sources import Reading
from ...raster.files import numbers
from .borders import Borders, borders
from .faults import Fault, Severity
from .likeness import Likeness, likeness
from .pairs import Pair
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
        borders (Borders | None): To be compared with those of others; None for small images.
        footprint (Footprint | None): Where it lies.
        labels (np.ndarray | None): Pixels of each class and, last, ignored ones, (K + 1,).
    """

    pair: Pair
    faults: list[Fault] = field(default_factory=list)
    shape: tuple[int, int] | None = None
    dtype: str | None = None
    bands: list[Band] = field(default_factory=list)
    likeness: Likeness | None = None
    borders: Borders | None = None
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
    valid = None
    try:
        valid = _look_at_image(facts, read_image(pair.image, pair.source.reading))
    except ValueError as error:
        facts.faults.append(Fault('error', 'unreadable file', str(error), (pair.image,)))
    if pair.mask is not None:
        try:
            _look_at_mask(facts, pair.mask, read_mask(pair.mask), valid)
        except ValueError as error:
            facts.faults.append(Fault('error', 'unreadable file', str(error), (pair.image,)))
    return facts


def _look_at_image(facts: Facts, raster: Raster) -> np.ndarray | None:
    """Note facts and faults of an image; return which pixels (H, W) can be labelled, if not all."""
    path, reading = facts.pair.image, facts.pair.source.reading
    pixels = raster.pixels
    facts.shape, facts.dtype = pixels.shape[:2], pixels.dtype.name
    facts.footprint = raster.footprint
    if reading.eight_bit and pixels.dtype != np.uint8:
        expected = 'expected 8 bits, or LoadRasterFromFile in the pipeline'
        facts.fault('type of values', f'{expected}, found {facts.dtype}', path)
    lacking = _lacking_bands(raster, reading)
    if lacking:
        facts.fault('bands', lacking, path)
        return None
    valid = raster.valid
    if len(raster.strange):
        _note_strange(facts, raster.strange)
    seen = [band[valid & numbers(band)] for band in np.moveaxis(pixels, -1, 0)]
    if any(map(_holds_fill_value, seen, raster.nodata)):
        message = (
            f'{path}: expected nodata in all bands of a pixel, found it in some only and far from '
            "what else they hold; nodata='any' of LoadRasterFromFile, or --nodata any of "
            'prepare_dataset.py, leaves such pixels out'
        )
        facts.faults.append(Fault('warning', 'nodata in some bands', message, (path,)))
    if all(values.size for values in seen):
        facts.bands = [Band.of(values) for values in seen]
    if any(band.low < band.high for band in facts.bands):
        facts.likeness, facts.borders = likeness(pixels), borders(pixels)
    else:
        message = f'{path}: expected a picture, found a single value a band or no data'
        facts.faults.append(Fault('warning', 'image of one value', message, (path,)))
    return valid if reading.ignores_nodata and not valid.all() else None


def _lacking_bands(raster: Raster, reading: Reading) -> str | None:
    """Say which bands the file lacks, None where it has those that are trained on."""
    if reading.selected:
        last = max(reading.selected)
        lacking = raster.bands < last
        return f'expected at least {last} bands, found {raster.bands}' if lacking else None
    if reading.bands in (None, raster.bands):
        return None
    return f'expected {reading.bands} bands, found {raster.bands}'


def _holds_fill_value(values: np.ndarray, nodata: float | None) -> bool:
    """Tell whether values with data hold the nodata value, and it is further off than they span."""
    if nodata is None:
        return False
    others = values[values != nodata]
    if others.size in (0, values.size):
        return False
    low, high = float(others.min()), float(others.max())
    return max(low - nodata, nodata - high) > high - low


def _note_strange(facts: Facts, values: np.ndarray) -> None:
    """Note NaN, infinity and fill values among values (N, C) that are not said to be no data."""
    kinds = {'NaN': np.isnan(values), 'infinity': np.isinf(values)}
    kinds['fill values'] = ~(numbers(values) | kinds['NaN'] | kinds['infinity'])
    found = {name: found.any(-1).sum() for name, found in kinds.items()}
    words = ', '.join(f'{name} in {count} pixels' for name, count in found.items() if count)
    path = facts.pair.image
    message = f'{path}: expected finite values, or nodata stated in the file, found {words}'
    # LoadRasterFromFile fills them
    severity: Severity = 'warning' if facts.pair.source.reading.raster else 'error'
    facts.faults.append(Fault(severity, 'NaN or infinity', message, (path,)))


def _look_at_mask(facts: Facts, path: Path, mask: np.ndarray, valid: np.ndarray | None) -> None:
    labels = facts.pair.source.labels
    mask = mask.squeeze()
    if mask.ndim != 2:
        facts.fault('bands', f'expected a mask of 1 band, found {mask.shape[-1]}', path)
        return
    fits = facts.shape is None or facts.shape == mask.shape
    if facts.shape is not None and not fits:
        expected = f'the size of its image, {_size(facts.shape)}'
        facts.fault('size of mask', f'expected {expected}, found {_size(mask.shape)}', path)
    facts.labels, wrong = labels.tally(mask)
    if valid is not None and fits:
        facts.labels, _ = labels.tally(mask[valid])
        facts.labels[-1] += np.count_nonzero(~valid)
    if wrong:
        words = ', '.join(f'{value:g} in {count} pixels' for value, count in wrong.items())
        facts.fault('label values', f'expected labels {labels.known}, found {words}', path)
    elif not facts.labels[:-1].any():
        message = f'{path}: expected labelled pixels, found only ignored ones'
        facts.faults.append(Fault('warning', 'mask is all ignore', message, (facts.pair.image,)))


def _size(shape: tuple[int, ...]) -> str:
    return f'{shape[1]}x{shape[0]} pixels (width x height)'

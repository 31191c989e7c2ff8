"""One pair of files to facts and faults, decoding each file once."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...datasets.checks import size_of
from ...datasets.reading import Footprint, Raster, Reading, read_image, read_mask
from ...raster.files import numbers
from .borders import Borders, borders
from .duplicates import Likeness, likeness
from .faults import Fault, Severity
from .pairs import Pair
from .statistics import Band

UNREADABLE = 'unreadable file'


@dataclass
class Facts:
    """What is known of a pair; what could not be read stays None."""

    pair: Pair
    faults: list[Fault] = field(default_factory=list)
    shape: tuple[int, int] | None = None  # height and width of the image
    bands: list[Band] = field(default_factory=list)  # of those that are used; none without data
    likeness: Likeness | None = None  # None for images of a single value, which all look alike
    borders: Borders | None = None  # None for small images
    footprint: Footprint | None = None
    labels: np.ndarray | None = None  # pixels of each class and, last, ignored ones, (K + 1,)

    def note(self, kind: str, message: str, path: Path, severity: Severity = 'error') -> None:
        """Note what is wrong with one of the files."""
        self.faults.append(Fault(severity, kind, f'{path}: {message}', (self.pair.image,)))


def scan(pair: Pair) -> Facts:
    """Read an image and its mask and look at every pixel; ImportError if rasterio is lacking."""
    facts = Facts(pair)
    valid = None
    try:
        valid = _look_at_image(facts, read_image(pair.image, pair.source.reading))
    except ValueError as error:
        facts.faults.append(Fault('error', UNREADABLE, str(error), (pair.image,)))
    try:
        if pair.mask is not None:
            _look_at_mask(facts, pair.mask, read_mask(pair.mask), valid)
    except ValueError as error:
        facts.faults.append(Fault('error', UNREADABLE, str(error), (pair.image,)))
    return facts


def _look_at_image(facts: Facts, raster: Raster) -> np.ndarray | None:
    """Note facts and faults of an image; return which pixels (H, W) can be labelled, if not all."""
    path, reading = facts.pair.image, facts.pair.source.reading
    pixels, valid = raster.pixels, raster.valid
    facts.shape, facts.footprint = pixels.shape[:2], raster.footprint
    if reading.eight_bit and pixels.dtype != np.uint8:
        expected = 'expected 8 bits, or LoadRasterFromFile in the pipeline'
        facts.note('type of values', f'{expected}, found {pixels.dtype}', path)
    lacking = _lacking_bands(raster, reading)
    if lacking:
        facts.note('bands', lacking, path)
        return None
    if len(raster.strange):
        words = f'expected finite values, or nodata stated in the file, {_strange(raster.strange)}'
        # LoadRasterFromFile fills them
        facts.note('NaN or infinity', words, path, 'warning' if reading.raster else 'error')
    seen = [band[valid & numbers(band)] for band in np.moveaxis(pixels, -1, 0)]
    if any(map(_holds_fill_value, seen, raster.nodata)):
        facts.note(
            'nodata in some bands',
            'expected nodata in all bands of a pixel, found it in some only and far from '
            "what else they hold; nodata='any' of LoadRasterFromFile, or --nodata any of "
            '`ktda prepare`, leaves such pixels out',
            path,
            'warning',
        )
    if all(values.size for values in seen):
        facts.bands = [Band.of(values) for values in seen]
    if any(band.low < band.high for band in facts.bands):
        facts.likeness, facts.borders = likeness(pixels), borders(pixels)
    else:
        message = 'expected a picture, found a single value a band or no data'
        facts.note('image of one value', message, path, 'warning')
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


def _strange(values: np.ndarray) -> str:
    """Count NaN, infinity and fill values among values (N, C) that are not said to be no data."""
    kinds = {'NaN': np.isnan(values), 'infinity': np.isinf(values)}
    kinds['fill values'] = ~(numbers(values) | kinds['NaN'] | kinds['infinity'])
    found = {name: found.any(-1).sum() for name, found in kinds.items()}
    return 'found ' + ', '.join(f'{name} in {n} pixels' for name, n in found.items() if n)


def _look_at_mask(facts: Facts, path: Path, mask: np.ndarray, valid: np.ndarray | None) -> None:
    labels = facts.pair.source.labels
    mask = mask.squeeze()
    if mask.ndim != 2:
        facts.note('bands', f'expected a mask of 1 band, found {mask.shape[-1]}', path)
        return
    fits = facts.shape is None or facts.shape == mask.shape
    if facts.shape is not None and not fits:
        expected = f'the size of its image, {size_of(facts.shape)}'
        facts.note('size of mask', f'expected {expected}, found {size_of(mask.shape)}', path)
    facts.labels, wrong = labels.tally(mask)
    if valid is not None and fits:
        facts.labels, _ = labels.tally(mask[valid])
        facts.labels[-1] += np.count_nonzero(~valid)
    if wrong:
        words = ', '.join(f'{value:g} in {count} pixels' for value, count in wrong.items())
        facts.note('label values', f'expected labels {labels.known}, found {words}', path)
    elif not facts.labels[:-1].any():
        message = 'expected labelled pixels, found only ignored ones'
        facts.note('mask is all ignore', message, path, 'warning')

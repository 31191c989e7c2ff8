"""One uploaded image becomes a map, and the pictures of both that the page shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ktda_mmseg.raster.colours import colourise, hex_colour
from ktda_mmseg.raster.files import numbers, open_raster, read_window
from ktda_mmseg.raster.imagery import Imagery, open_image
from ktda_mmseg.raster.stretch import as_picture
from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.map.predictor import Predictor
from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.strips import NODATA
from ktda_mmseg.scenes.map.windows import Grid

from .jobs import Job

# what can be had of a job, and where it lies in its folder
FILES = {
    'map.tif': Path('map', 'scene.tif'),
    'quicklook.png': Path('map', 'scene.png'),
    'image.png': Path('image.png'),
    'overlay.png': Path('overlay.png'),
}
SIDE = 1600  # pixels of a picture's side at the most; the page gives it the image's proportions


def make_map(job: Job, predictor: Predictor) -> None:
    """Make the map of a job's image and all that the page shows of it.

    The job is told how far the work is, and of size, place and classes of its map. CancelledError
    if it is cancelled meanwhile, ValueError if the image cannot be read to its end.
    """
    card = predictor.card
    watched = WatchedPredictor(predictor, job)
    inferencer = SceneInferencer(watched, products=Products(quicklook=True))
    with open_image(job.scene) as image:
        height, width = image.raster.shape
        grid = Grid(height, width, inferencer.window, inferencer.overlap)
        _save(*_picture(image, card), job.folder / 'image.png')
    watched.windows = len(grid.rows.starts) * len(grid.columns.starts)
    (result,) = inferencer([job.scene], job.folder / 'map')
    if result.error:
        raise ValueError(result.error)
    with open_raster(result.files['map']) as raster:
        labels = read_window(raster, bands=[1], side=SIDE)[0]
    _save(colourise(labels, card.palette), labels != NODATA, job.folder / 'overlay.png')
    job.result = _legend(result.files['summary'], card)
    job.scene.unlink()


class WatchedPredictor:
    """A :class:`Predictor` that tells a job how many of its windows are done, and stops with it."""

    def __init__(self, predictor: Predictor, job: Job) -> None:
        self.card, self.identity = predictor.card, predictor.identity
        self.windows = 1
        self._predictor, self._job, self._done = predictor, job, 0

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Predict; see :class:`Predictor`."""
        probabilities = self._predictor(images)
        self._done += len(images)
        self._job.report(self._done / self.windows)
        return probabilities


def _picture(image: Imagery, card: ModelCard) -> tuple[np.ndarray, np.ndarray]:
    """Return the first three bands, or the first in grey, as ``(h, w, 3)``; and where data are."""
    bands = (1, 2, 3) if len(image.indexes) >= 3 else (1,)
    colours, valid = image.read(bands, nodata=card.nodata, side=SIDE)
    if colours.dtype != np.uint8:
        present = numbers(colours) & valid
        colours = np.stack([as_picture(band) for band in np.where(present, colours, np.nan)])
    return np.moveaxis(np.broadcast_to(colours, (3, *valid.shape)), 0, -1), valid


def _save(colours: np.ndarray, visible: np.ndarray, path: Path) -> None:
    """Write RGB ``(h, w, 3)`` as a PNG that is transparent where nothing is visible."""
    alpha = np.where(visible, 255, 0).astype(np.uint8)
    Image.fromarray(np.dstack([colours, alpha])).save(path, compress_level=3)


def _legend(summary: Path, card: ModelCard) -> dict[str, Any]:
    content = json.loads(summary.read_bytes())
    crs = content['crs']
    return {
        'width': content['width'],
        'height': content['height'],
        'crs': crs if not crs or crs.startswith('EPSG:') else 'a projection of its own',
        'classes': [
            {'name': entry['name'], 'colour': hex_colour(colour), 'share': entry['share']}
            for entry, colour in zip(content['classes'], card.palette, strict=True)
        ],
    }

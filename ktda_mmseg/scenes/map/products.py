"""What is made of a finished prediction, and how it gets its names: whole and of one run.

Products are made in a folder of their own and then moved, the summary last: it says of the others
that they are whole. What is not theirs is never replaced.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import numpy as np

from ktda_mmseg.raster.colours import hex_colour
from ktda_mmseg.raster.files import open_raster
from ktda_mmseg.raster.writing import SIDECAR
from ktda_mmseg.utils.figures import DPI, draw_legend, new_figure, write_figure
from ktda_mmseg.utils.files import json_text, write_json

from .card import ModelCard
from .geotiff import write_map, write_probabilities
from .legend import write_style
from .polygons import Outlines, write_polygons
from .reading import SceneProfile
from .stac import SUFFIX, Origin, write_item
from .strips import Layers, StripStore
from .summary import Counts, count_classes, write_summary

SIDE = 1600  # pixels of the map's longer side; the legend comes on top
EMPTY = (255, 255, 255)  # where there are no data
COLUMN = 400  # pixels of one of the legend's columns
LINE = 26  # pixels of one of its lines
LINES = 14  # of them at the most


class Products(NamedTuple):
    """What is wanted besides the map, its style and its summary.

    Attributes:
        layers (Layers): Confidence and probabilities, each a GeoTIFF.
        polygons (Outlines | None): How to draw polygons; None for no.
        quicklook (bool): A picture with legend.
        stac (Origin | None): A STAC item, with what it says of the map's origin; None for no.
    """

    layers: Layers = Layers()
    polygons: Outlines | None = None
    quicklook: bool = False
    stac: Origin | None = None

    def paths(self, folder: Path, name: str) -> dict[str, Path]:
        """Return the file of each product that is wanted, by kind, the summary last."""
        wanted = {
            'map': '.tif',
            'style': '.qml',
            'confidence': '.confidence.tif' * self.layers.confidence,
            'probabilities': '.probabilities.tif' * bool(self.layers.probabilities),
            'polygons': '.gpkg' * (self.polygons is not None),
            'quicklook': '.png' * self.quicklook,
            'stac': SUFFIX * (self.stac is not None),
            'summary': '.json',
        }
        return {kind: folder / f'{name}{end}' for kind, end in wanted.items() if end}


def write_products(
    products: Products,
    profile: SceneProfile,
    card: ModelCard,
    store: StripStore,
    folder: Path,
    name: str,
) -> dict[str, Path]:
    """Write the products of a scene, of which all strips are there, each as a whole."""
    paths = products.paths(folder, name)
    write_map(profile, card, store.rows, paths['map'])
    write_style(card, paths['style'])
    for layer, names in (('confidence', ['confidence']), ('probabilities', card.classes)):
        if layer in paths:
            write_probabilities(profile, names, partial(store.rows, layer), paths[layer])
    if products.polygons is not None:
        write_polygons(profile, card, paths['map'], products.polygons, paths['polygons'])
    counts = count_classes(profile, store.rows)
    if products.quicklook:
        write_quicklook(card, paths['map'], counts, paths['quicklook'])
    if products.stac is not None:
        model, kept = store.settings['model'], store.folder.parent
        write_item(profile, card, counts, products.stac, model, paths, kept)
    write_summary(profile, card, counts, store.settings, paths)
    return paths


def require_folder(out: Path) -> None:
    """Make a folder if need be; ``OSError`` if nothing can be written there."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise OSError(
            f'{out}: expected a folder that can be written to, found: {error.strerror}'
        ) from None


def is_finished(
    scene: Path, paths: Mapping[str, Path], settings: Mapping[str, Any], work: Path
) -> bool:
    """Tell whether a scene's products are there as they would be made now.

    What the scene holds is ``settings['scene']``, wherever it lies; ``work`` is the folder of
    unfinished work on it, which may have left products. ``ValueError`` if one of the names is
    taken: by the scene itself, by the map of another one, or by what was not made here.
    """
    begun = work.exists()  # before another process may finish it
    scene = scene.resolve()
    summary = _read(paths['summary'])
    made_with = summary.get('settings', {})
    found = summary.get('path', str(scene))
    if found != str(scene) and made_with['scene'] != settings['scene']:
        raise ValueError(
            f'{paths["summary"]}: expected the map of {scene}, found that of {found}; '
            'name another folder'
        )
    ours = summary.get('products', {}).values()
    for path in paths.values():
        foreign = path.exists() and path.name not in ours and not begun
        if foreign or path.resolve() == scene:
            raise ValueError(
                f'{path}: expected a free name for a product, found a file not made '
                'here; name another folder'
            )
    return made_with == json.loads(json_text(settings)) and all(
        path.exists() for path in paths.values()
    )


def keep(scene: Path, paths: Mapping[str, Path]) -> None:
    """Note in the summary where the scene of finished products lies now, if it was moved."""
    content, path = _read(paths['summary']), str(scene.resolve())
    if content.get('path', path) != path:
        write_json(paths['summary'], content | {'path': path}, indent=2, ensure_ascii=False)


def publish(staged: Path, paths: Mapping[str, Path]) -> None:
    """Move finished products to their names, from a folder on the same disk that holds no more.

    What a former run made there, and is not made now, goes.
    """
    summary = paths['summary']
    files = {path.name: path for path in staged.iterdir()}
    for name in _read(summary).get('products', {}).values():
        if name not in files:
            (summary.parent / Path(name).name).unlink(missing_ok=True)
    summary.unlink(missing_ok=True)
    # what stands beside a map is there before it
    for name in sorted(files, key=lambda name: (name == summary.name, not name.endswith(SIDECAR))):
        os.replace(files[name], summary.parent / name)


def _read(summary: Path) -> dict[str, Any]:
    """Return a former run's summary, empty if there is none."""
    try:
        content = json.loads(summary.read_bytes())
        scene = content['settings']['scene']
        content['products'].values()
        # older versions knew scenes by their paths
        content.setdefault('path', scene.get('path'))
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            f'{summary}: expected the summary of a map, found a file not made here; '
            'name another folder'
        ) from None
    return content


def write_quicklook(card: ModelCard, labels: Path, counts: Counts, path: Path) -> None:
    """Draw a finished map, from its overviews if it is large, with the classes and their shares.

    The PNG is at most 2,000 pixels high and wide.
    """
    with open_raster(labels) as raster:
        longer = max(raster.height, raster.width)
        shown = np.array([raster.height, raster.width]) * SIDE / longer
        small = np.minimum(shown.round().astype(int).clip(1), raster.shape)
        pixels = raster.read(1, out_shape=tuple(small))
    colours = np.full((256, 3), EMPTY, np.uint8)
    colours[: len(card.palette)] = card.palette
    # a strip of pixels would be too thin to see, and the legend needs its width
    height, width = shown.clip((SIDE / 20, SIDE / 2)).round()
    thin = min(shown) < SIDE / 20
    columns = int(width // COLUMN)
    found = _found(card, counts)[: columns * LINES]
    below = (-(-len(found) // columns) + 1) * LINE
    figure = new_figure(width / DPI, (height + below) / DPI, arranged=False)
    axes = figure.add_axes((0, below / (height + below), 1, height / (height + below)))
    axes.imshow(colours[pixels], interpolation='nearest', aspect='auto' if thin else 'equal')
    axes.set_axis_off()
    shares = counts.shares()
    names = [f'{card.classes[label]}  {shares[label]:.1%}' for label in found]
    entries = names, [hex_colour(card.palette[label]) for label in found]
    draw_legend(figure, *entries, loc='lower center', ncols=columns, fontsize=12, frameon=False)
    write_figure(figure, path)


def _found(card: ModelCard, counts: Counts) -> list[int]:
    """Return the classes that occur, the largest first."""
    shares = counts.shares()[: len(card.classes)]
    return [int(label) for label in np.argsort(-shares, kind='stable') if shares[label]]

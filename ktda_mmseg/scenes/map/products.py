"""What is made of a finished prediction: the map and whatever else was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .card import ModelCard
from .geotiff import write_map, write_probabilities
from .polygons import Outlines, write_polygons
from .quicklook import write_quicklook
from .reading import SceneProfile
from .strips import Layers, StripStore
from .summary import count_classes, write_summary


class Products(NamedTuple):
    """What is wanted besides the map and its summary.

    Attributes:
        layers (Layers): Confidence and probabilities, each a GeoTIFF.
        polygons (Outlines | None): How to draw polygons; None for no.
        quicklook (bool): A picture with legend.
    """

    layers: Layers = Layers()
    polygons: Outlines | None = None
    quicklook: bool = False

    def paths(self, folder: Path, name: str) -> dict[str, Path]:
        """Return the file of each product, 'summary' as the last, which is written last.

        Args:
            folder (Path): Folder of the products.
            name (str): What their names begin with.

        Returns:
            dict[str, Path]: By 'map', 'confidence', 'probabilities', 'polygons', 'quicklook' and
            'summary', as far as they are wanted.
        """
        wanted = {
            'map': '.tif',
            'confidence': '.confidence.tif' * self.layers.confidence,
            'probabilities': '.probabilities.tif' * bool(self.layers.probabilities),
            'polygons': '.gpkg' * (self.polygons is not None),
            'quicklook': '.png' * self.quicklook,
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
    """Write the products of a scene, each as a whole, the summary last.

    Args:
        products (Products): What is wanted.
        profile (SceneProfile): The scene.
        card (ModelCard): Of the model.
        store (StripStore): All strips of the scene, with the layers that are wanted.
        folder (Path): Where to write; made if need be.
        name (str): What the files' names begin with.

    Returns:
        dict[str, Path]: The files; see :meth:`Products.paths`.

    Raises:
        ImportError: If rasterio, or for polygons geopandas, is not installed.
        OSError: If a file cannot be written.
        ValueError: If the polygons' settings are negative, or a strip is damaged.
    """
    paths = products.paths(folder, name)
    write_map(profile, card, store.rows, paths['map'])
    if 'confidence' in paths:
        write_probabilities(
            profile, ['confidence'], 'uint8', lambda: store.rows('confidence'), paths['confidence']
        )
    if products.layers.probabilities:
        write_probabilities(
            profile,
            card.classes,
            products.layers.probabilities,
            lambda: store.rows('probabilities'),
            paths['probabilities'],
        )
    if products.polygons is not None:
        write_polygons(profile, card, paths['map'], products.polygons, paths['polygons'])
    counts = count_classes(profile, store.rows)
    if products.quicklook:
        write_quicklook(card, paths['map'], counts, paths['quicklook'])
    write_summary(profile, card, counts, store.settings, paths)
    return paths

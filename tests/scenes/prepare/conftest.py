"""A made-up Landsat 8 scene, in the files and formats that USGS publishes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

# before Collection 1; a real file has more keys in each group, in this order of groups
MTL = """GROUP = L1_METADATA_FILE
  GROUP = METADATA_FILE_INFO
    ORIGIN = "Image courtesy of the U.S. Geological Survey"
    REQUEST_ID = "0501604140764_00028"
    LANDSAT_SCENE_ID = "{name}"
    FILE_DATE = 2016-04-14T16:50:23Z
    STATION_ID = "LGN"
  END_GROUP = METADATA_FILE_INFO
  GROUP = PRODUCT_METADATA
    DATA_TYPE = "L1T"
    SPACECRAFT_ID = "LANDSAT_8"
    SENSOR_ID = "OLI_TIRS"
    SCENE_CENTER_TIME = "06:34:48.4539210Z"
    REFLECTIVE_LINES = {height}
    REFLECTIVE_SAMPLES = {width}
    FILE_NAME_BAND_4 = "{name}_B4.TIF"
  END_GROUP = PRODUCT_METADATA
  GROUP = IMAGE_ATTRIBUTES
    CLOUD_COVER = 21.07
    SUN_AZIMUTH = 141.65838104
    SUN_ELEVATION = {elevation}
  END_GROUP = IMAGE_ATTRIBUTES
  GROUP = RADIOMETRIC_RESCALING
{rescaling}
  END_GROUP = RADIOMETRIC_RESCALING
  GROUP = TIRS_THERMAL_CONSTANTS
    K1_CONSTANT_BAND_10 = 774.8853
    K1_CONSTANT_BAND_11 = 480.8883
    K2_CONSTANT_BAND_10 = 1321.0789
    K2_CONSTANT_BAND_11 = 1201.1442
  END_GROUP = TIRS_THERMAL_CONSTANTS
  GROUP = PROJECTION_PARAMETERS
    MAP_PROJECTION = "UTM"
    UTM_ZONE = 17
  END_GROUP = PROJECTION_PARAMETERS
END_GROUP = L1_METADATA_FILE
END
"""
RESCALING = {
    'RADIANCE_MULT_BAND_10': '3.3420E-04',
    'RADIANCE_ADD_BAND_10': '0.10000',
    **{f'REFLECTANCE_MULT_BAND_{band}': '2.0000E-05' for band in range(1, 10)},
    **{f'REFLECTANCE_ADD_BAND_{band}': '-0.100000' for band in range(1, 10)},
}
LABELS = np.array([128, 64, 192, 255], np.uint8)


def write_mtl(path: Path, height: int = 700, width: int = 600, elevation: float = 41.5) -> Path:
    """Write the metadata of a scene.

    Args:
        path (Path): Ends in ``_MTL.txt``.
        height (int): Rows.
        width (int): Columns.
        elevation (float): Of the sun, in degrees.

    Returns:
        Path: The same.
    """
    rescaling = '\n'.join(f'    {key} = {value}' for key, value in RESCALING.items())
    name = path.name.removesuffix('_MTL.txt')
    path.write_text(
        MTL.format(name=name, height=height, width=width, elevation=elevation, rescaling=rescaling)
    )
    return path


def write_scene(folder: Path, height: int = 700, width: int = 600, seed: int = 0) -> Path:
    """Write a scene whose upper left corner is fill, as where a swath is turned in its frame.

    Args:
        folder (Path): Has the scene's name.
        height (int): Rows.
        width (int): Columns.
        seed (int): Another seed, other values.

    Returns:
        Path: The same.
    """
    import rasterio

    folder.mkdir(parents=True)
    name = folder.name
    rng = np.random.default_rng(seed)
    write_mtl(folder / f'{name}_MTL.txt', height, width)
    rows, columns = np.arange(height)[:, None], np.arange(width)
    fill = columns < 0.7 * width * (1 - rows / height)
    shape = dict(height=height, width=width, count=1)
    place = dict(crs='EPSG:32617', transform=rasterio.Affine(30, 0, 339885, 0, -30, 4286915))
    for band in (2, 3, 4, 5, 6, 7, 9, 10):
        counts = rng.integers(5500, 30000, (height, width), np.uint16)
        path = folder / f'{name}_B{band}.TIF'
        with rasterio.open(path, 'w', driver='GTiff', dtype='uint16', **shape, **place) as raster:
            raster.write(np.where(fill, np.uint16(0), counts), 1)
    labels = np.where(fill, np.uint8(0), LABELS[(rows // 97 + columns // 83) % 4])
    path = folder / f'{name}_fixedmask.img'
    with rasterio.open(path, 'w', driver='ENVI', dtype='uint8', **shape) as raster:
        raster.write(labels, 1)
    return folder


@pytest.fixture
def mtl(tmp_path: Path) -> Path:
    """The metadata of a scene, sound."""
    return write_mtl(tmp_path / 'LC80010732013109LGN00_MTL.txt')


@pytest.fixture(scope='session')
def make_scene() -> Callable[..., Path]:
    """Return ``write_scene``."""
    pytest.importorskip('rasterio')
    return write_scene

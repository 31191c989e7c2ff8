"""The MTL file of a Landsat 8 scene: from digital numbers to reflectance and temperature.

Equations and key names: USGS, Landsat 8 Data Users Handbook (LSDS-1574), section 5. The names are
the same before Collection 1 and in it.
"""

import math
from pathlib import Path

import numpy as np


class LandsatMetadata:
    """What the MTL file of a Landsat 8 scene says about its bands.

    Args:
        path (Path): The ``*_MTL.txt``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not groups of ``KEY = value`` closed by ``END``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._values = read_mtl(path)

    def number(self, key: str) -> float:
        """Return a number.

        Args:
            key (str): Its name, such as ``SUN_ELEVATION``.

        Returns:
            float: The value.

        Raises:
            ValueError: If the key is missing or its value is not a finite number.
        """
        value = self._values.get(key)
        try:
            number = float('none' if value is None else value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise ValueError(
                f'{self.path}: expected a number as {key}, found {value or "no such key"}'
            )
        return number

    def reflectance(self, counts: np.ndarray, band: int) -> np.ndarray:
        """Convert digital numbers to top-of-atmosphere reflectance.

        The sun's elevation is that of the scene's centre.

        Args:
            counts (np.ndarray): Digital numbers, any shape.
            band (int): Number of the OLI band, 1-9.

        Returns:
            np.ndarray: Reflectance, float32, same shape; 1 is a white surface under this sun.

        Raises:
            ValueError: If a key is missing or the sun is not above the horizon.
        """
        elevation = self.number('SUN_ELEVATION')
        if elevation <= 0:
            raise ValueError(
                f'{self.path}: expected SUN_ELEVATION above 0 degrees, found {elevation}'
            )
        return self._rescale('REFLECTANCE', counts, band) / np.float32(
            math.sin(math.radians(elevation))
        )

    def brightness_temperature(self, counts: np.ndarray, band: int) -> np.ndarray:
        """Convert digital numbers to top-of-atmosphere brightness temperature.

        Args:
            counts (np.ndarray): Digital numbers, any shape.
            band (int): Number of the TIRS band, 10 or 11.

        Returns:
            np.ndarray: Kelvin, float32, same shape.

        Raises:
            ValueError: If a key is missing.
        """
        k1, k2 = (self.number(f'{k}_CONSTANT_BAND_{band}') for k in ('K1', 'K2'))
        radiance = self._rescale('RADIANCE', counts, band)
        return np.float32(k2) / np.log(np.float32(k1) / radiance + 1)

    def _rescale(self, quantity: str, counts: np.ndarray, band: int) -> np.ndarray:
        factor, offset = (
            np.float32(self.number(f'{quantity}_{part}_BAND_{band}')) for part in ('MULT', 'ADD')
        )
        return counts.astype(np.float32) * factor + offset


def read_mtl(path: Path) -> dict[str, str]:
    """Read all keys of an MTL file, whatever their group.

    Args:
        path (Path): The ``*_MTL.txt``.

    Returns:
        dict[str, str]: Values by key, without quotation marks.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line is not ``KEY = value``, or a group or the file is not closed.
    """
    values: dict[str, str] = {}
    groups: list[str] = []
    for number, line in enumerate(path.read_text('ascii', errors='replace').splitlines(), 1):
        key, _, value = (part.strip() for part in line.partition('='))
        if key == 'END' and not groups:
            return values
        if key == 'GROUP':
            groups.append(value)
        elif key == 'END_GROUP' and groups and groups[-1] == value:
            groups.pop()
        elif key and value and key != 'END_GROUP':
            values[key] = value.strip('"')
        elif key:
            raise ValueError(
                f'{path}: expected KEY = value in groups, found {line!r} in line {number}'
            )
    raise ValueError(f'{path}: expected END as last line, found none; the file is cut off')

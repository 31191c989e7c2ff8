"""Sentinel-2 bands as Galileo takes them: channel groups and normalisation."""

from collections.abc import Sequence

import torch
from torch import Tensor

# Order of the channel embeddings in the file, and of the channels in each patch embedding.
CHANNEL_GROUPS = {
    'S1': ('VV', 'VH'),
    'S2_RGB': ('B2', 'B3', 'B4'),
    'S2_Red_Edge': ('B5', 'B6', 'B7'),
    'S2_NIR_10m': ('B8',),
    'S2_NIR_20m': ('B8A',),
    'S2_SWIR': ('B11', 'B12'),
    'NDVI': ('NDVI',),
}
# Mean and standard deviation of reflectance times 10000 in the pre-training set
# ("13" in the official normalization.json).
STATISTICS = {
    'B2': (1395.34, 917.70),
    'B3': (1338.40, 913.30),
    'B4': (1343.10, 1092.68),
    'B5': (1543.86, 1047.22),
    'B6': (2186.20, 1048.01),
    'B7': (2525.09, 1143.69),
    'B8': (2410.34, 1098.98),
    'B8A': (2750.29, 1204.47),
    'B11': (2234.91, 1145.98),
    'B12': (1474.53, 980.24),
}
# What the official normalisation subtracts and divides by; a channel left out is passed as it is.
RANGES: dict[str | None, tuple[float, float]] = {
    None: (0.0, 1.0),
    **{band: (mean - 2 * std, 4 * std) for band, (mean, std) in STATISTICS.items()},
}


def complete_groups(bands: Sequence[str | None]) -> list[str]:
    """Return the names of the channel groups whose bands are all given, in the file's order."""
    given = [band for band in bands if band is not None]
    for band in given:
        if band not in STATISTICS or given.count(band) > 1:
            raise ValueError(
                f'bands: expected each of {", ".join(STATISTICS)} at most once, got {tuple(bands)}'
            )
    available = {*given, 'NDVI'} if {'B4', 'B8'} <= set(given) else set(given)
    groups = [name for name, needed in CHANNEL_GROUPS.items() if available.issuperset(needed)]
    if not groups:
        optical = {name: group for name, group in CHANNEL_GROUPS.items() if name.startswith('S2')}
        raise ValueError(f'bands: expected all bands of one of {optical}, got {tuple(bands)}')
    return groups


def ndvi(red: Tensor, near_infrared: Tensor) -> Tensor:
    """Return the vegetation index of normalised B4 and B8, a ratio of what they were before.

    It is 0 where there is no reflectance, as in the official data.
    """
    (red_low, red_range), (nir_low, nir_range) = RANGES['B4'], RANGES['B8']
    red, near_infrared = red * red_range + red_low, near_infrared * nir_range + nir_low
    total = near_infrared + red
    return torch.where(total > 0, (near_infrared - red) / total, 0.0)

"""Data sets of the published KTDA results, and the checks that every sample passes."""

from .checks import CheckSample, SampleError
from .dubai import DubaiDataset
from .grass import GrassDataset
from .l8_biome import L8BiomeDataset
from .paired import PairedSegDataset

__all__ = [
    'CheckSample',
    'DubaiDataset',
    'GrassDataset',
    'L8BiomeDataset',
    'PairedSegDataset',
    'SampleError',
]

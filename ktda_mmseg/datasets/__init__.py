"""Data sets of the published KTDA results, and the checks that every sample passes."""

from .checks import CheckSample, SampleError
from .dubai import DubaiDataset
from .grass import GrassDataset
from .l8_biome import L8BiomeDataset
from .loading import IgnoreNodata, LoadRasterFromFile, RememberSample
from .paired import PairedSegDataset
from .transforms import BandJitter, ClassCrop, RandomCoarsen, RandomRotate90

__all__ = [
    'BandJitter',
    'CheckSample',
    'ClassCrop',
    'DubaiDataset',
    'GrassDataset',
    'IgnoreNodata',
    'L8BiomeDataset',
    'LoadRasterFromFile',
    'PairedSegDataset',
    'RandomCoarsen',
    'RandomRotate90',
    'RememberSample',
    'SampleError',
]

"""L8-Biome cloud set: Landsat 8 tiles with cloud and cloud-shadow masks."""

from typing import ClassVar

from mmseg.registry import DATASETS

from .paired import PairedSegDataset


@DATASETS.register_module()
class L8BiomeDataset(PairedSegDataset):
    """Images ``.png``, masks ``.png`` with indices 0-3.

    Classes and palette: official code, ``ktda/datasets/l8_biome.py``; labels: USGS L8-Biome cloud
    validation masks (Foga et al., 2017, doi 10.1016/j.rse.2017.03.026).
    """

    METAINFO: ClassVar[dict] = {
        'classes': ('Clear', 'Cloud Shadow', 'Thin Cloud', 'Cloud'),
        'palette': [[79, 253, 199], [221, 53, 223], [251, 255, 41], [77, 2, 115]],
    }

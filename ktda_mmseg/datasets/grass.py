"""Grass-cover set of KTDA: aerial tiles in five levels of cover."""

from typing import Any, ClassVar

from mmseg.registry import DATASETS

from .paired import PairedSegDataset


@DATASETS.register_module()
class GrassDataset(PairedSegDataset):
    """Images ``.tif``, masks ``.png`` with indices 0-4.

    Classes and palette: official code, ``ktda/datasets/grass.py``.

    Args:
        img_suffix (str): Suffix of images. Default: '.tif'.
        **kwargs: Other arguments of ``PairedSegDataset``.
    """

    METAINFO: ClassVar[dict] = {
        'classes': ('low', 'middle-low', 'middle', 'middle-high', 'high'),
        'palette': [
            [185, 101, 71],
            [248, 202, 155],
            [211, 232, 158],
            [138, 191, 104],
            [92, 144, 77],
        ],
    }

    def __init__(self, img_suffix: str = '.tif', **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(img_suffix=img_suffix, **kwargs)

"""Dubai land-cover set: satellite mosaics with five labelled classes."""

from typing import ClassVar

from mmseg.registry import DATASETS

from .paired import PairedSegDataset


@DATASETS.register_module()
class DubaiDataset(PairedSegDataset):
    """Images ``.png``, masks ``.png`` with indices 0-4; unlabelled pixels are 255 and ignored.

    The set's sixth colour means "unlabelled", which is no class to learn. The palette is that of
    the published masks (Humans in the Loop with the Mohammed Bin Rashid Space Centre).
    """

    METAINFO: ClassVar[dict] = {
        'classes': ('building', 'land', 'road', 'vegetation', 'water'),
        'palette': [[60, 16, 152], [132, 41, 246], [110, 193, 228], [254, 221, 58], [226, 169, 41]],
    }

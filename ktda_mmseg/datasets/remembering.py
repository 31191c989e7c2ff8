"""Decoded tiles kept in memory, for data sets that are read many times over."""

from copy import copy
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform, Compose
from mmseg.registry import TRANSFORMS

GIB = 2**30


@TRANSFORMS.register_module()
class RememberSample(BaseTransform):
    """Run the transforms that load a sample once, and hand out copies of what they made after that.

    Training on small crops of compressed tiles spends much of its time on decoding: each step wants
    a few pixels of many tiles. What is remembered is counted for each worker that loads data; once
    it is full, other samples are loaded anew each time.

    Required key: img_path, which tells samples apart.

    Args:
        transforms (list[dict]): Transforms without anything random, such as loading and checking.
        max_gib (float): Memory for arrays, in GiB a worker.
    """

    def __init__(self, transforms: list[dict], max_gib: float = 2.0) -> None:
        self.load = Compose(transforms)
        self.free = int(max_gib * GIB)
        self.samples: dict[str, dict[str, Any]] = {}

    def transform(self, results: dict) -> dict:
        """Return the loaded sample; its arrays may be written to."""
        path = results['img_path']
        loaded = self.samples.get(path)
        if loaded is None:
            loaded = self.load(dict(results))
            size = sum(value.nbytes for value in loaded.values() if isinstance(value, np.ndarray))
            if size > self.free:
                return loaded
            self.free -= size
            self.samples[path] = loaded
        # the index belongs to the call, all else to the file
        copies = {key: copy(value) for key, value in loaded.items()}
        return {**copies, 'sample_idx': results.get('sample_idx')}

"""A small data set on disk, and the pipelines of the project's configs."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS
from PIL import Image

import ktda_mmseg  # noqa: F401  (registers)

BASES = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'datasets'
SIZE = 32


class Folder:
    """Two pairs of grass images and masks, to be damaged."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = Config.fromfile(BASES / 'grass.py')
        rng = np.random.default_rng(0)
        for name in 'ab':
            self.write('img_dir', f'{name}.tif', rng.integers(0, 256, (SIZE, SIZE, 3)))
            self.write('ann_dir', f'{name}.png', rng.integers(0, 5, (SIZE, SIZE)))

    def path(self, kind: str, name: str) -> Path:
        return self.root / kind / 'train' / name

    def write(self, kind: str, name: str, values: np.ndarray, dtype: str = 'uint8') -> Path:
        path = self.path(kind, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.asarray(values).astype(dtype)).save(path)
        return path

    def build(self, loader: str = 'train', **changes: object) -> BaseSegDataset:
        """Build the data set as the grass config does."""
        config = self.config[f'{loader}_dataloader'].dataset
        config.data_root = str(self.root)
        config.data_prefix = dict(img_path='img_dir/train', seg_map_path='ann_dir/train')
        config.test_mode = loader == 'test'
        for key, value in changes.items():
            config[key] = value
        return DATASETS.build(config)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return a sound data set; a test breaks one thing in it."""
    return Folder(tmp_path)

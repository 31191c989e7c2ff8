"""A small sound data set with its config, to be damaged, and the tool that checks it."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from ktda_mmseg.scenes.check.faults import Fault
from ktda_mmseg.scenes.check.running import check

from ...raster.conftest import write_tiff

ROOT = Path(__file__).resolve().parents[3]
TOOL = ROOT / 'tools' / 'check_dataset.py'
SIZE = 24
CLASSES = ('a', 'b', 'c', 'd', 'e')
LOADING = dict(type='LoadImageFromFile', color_type='unchanged', imdecode_backend='pillow')
RASTERS = [
    dict(type='LoadRasterFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='CheckSample', bands=2),
    dict(type='IgnoreNodata'),
]


class DataSet:
    """Three tiles in train, two in val and test, of five classes each."""

    def __init__(self, root: Path, suffix: str = '.png', bands: int = 3, dtype='uint8') -> None:
        self.root, self.suffix = root, suffix
        self.rng = np.random.default_rng(0)
        for split, names in dict(train='abc', val='de', test='fg').items():
            for name in names:
                limit = min(np.iinfo(dtype).max, 10000) if np.dtype(dtype).kind in 'ui' else 1000
                pixels = self.rng.integers(1, limit, (SIZE, SIZE, bands)).astype(dtype)
                self.write_image(split, name, pixels)
                # each class in each mask
                labels = self.rng.permutation(np.arange(SIZE * SIZE) % len(CLASSES))
                self.write_mask(split, name, labels.reshape(SIZE, SIZE))

    def image(self, split: str, name: str) -> Path:
        return self.root / 'img_dir' / split / (name + self.suffix)

    def mask(self, split: str, name: str) -> Path:
        return self.root / 'ann_dir' / split / f'{name}.png'

    def write_image(self, split, name, pixels, **profile) -> Path:
        path = self.image(split, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.suffix == '.png':
            Image.fromarray(pixels).save(path)
        else:
            write_tiff(path, pixels.transpose(2, 0, 1), **profile)
        return path

    def write_mask(self, split, name, labels, dtype='uint8') -> Path:
        path = self.mask(split, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.asarray(labels).astype(dtype)).save(path)
        return path

    def dataset(self, split: str) -> dict:
        pipeline = [LOADING, dict(type='LoadAnnotations'), dict(type='CheckSample')]
        return dict(
            type='PairedSegDataset',
            data_root=str(self.root),
            img_suffix=self.suffix,
            data_prefix=dict(img_path=f'img_dir/{split}', seg_map_path=f'ann_dir/{split}'),
            metainfo=dict(classes=CLASSES),
            pipeline=pipeline if self.suffix == '.png' else RASTERS,
        )

    def config(self, **changes: object) -> Config:
        loaders = {
            f'{split}_dataloader': dict(dataset=self.dataset(split) | changes)
            for split in ('train', 'val', 'test')
        }
        path = self.root / 'config.py'
        path.write_text(''.join(f'{key} = {value!r}\n' for key, value in loaders.items()))
        return Config.fromfile(path)

    def faults(self, **changes: object) -> list[Fault]:
        return check(self.config(**changes)).faults


@pytest.fixture
def rgb(tmp_path: Path) -> DataSet:
    """8-bit RGB as PNG."""
    return DataSet(tmp_path / 'rgb')


@pytest.fixture
def floats(tmp_path: Path) -> DataSet:
    """Two bands of 32-bit floats as GeoTIFF."""
    return DataSet(tmp_path / 'floats', '.tif', 2, 'float32')


@pytest.fixture
def run_tool(monkeypatch, capsys):
    """Return a function that runs the tool and gives its exit code, stdout and stderr."""

    def run(*args: object) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, args)])
        monkeypatch.syspath_prepend(TOOL.parent)  # as for a script
        with pytest.raises(SystemExit) as info:
            runpy.run_path(str(TOOL), run_name='__main__')
        return (info.value.code, *capsys.readouterr())

    return run

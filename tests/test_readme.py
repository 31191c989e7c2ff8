"""What the README names exists, and its example config is one."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmseg.registry import DATASETS, MODELS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / 'README.md').read_text(encoding='utf-8')


def test_files_exist():
    named = set(re.findall(r'(?:configs|tools|docs)/[\w./-]+\.(?:py|sh|png|md)', README))
    assert len(named) > 10
    assert not [path for path in named if not (ROOT / path).is_file()]


def test_make_targets_exist():
    targets = set(re.findall(r'make (\w+)', README))
    makefile = (ROOT / 'Makefile').read_text()
    assert {'demo', 'test'} <= targets
    assert all(re.search(rf'^{target}:', makefile, re.MULTILINE) for target in targets)


@pytest.fixture
def mine(tmp_path, monkeypatch) -> Config:
    """The README's example config, with three classes of data where it says they are."""
    monkeypatch.chdir(tmp_path)
    block = re.search(r'```python\n# mine.py\n(.*?)```', README, re.DOTALL).group(1)
    Path('mine.py').write_text(block.replace('/path/to/ktda_mmseg', str(ROOT)))
    for split in ('train', 'val'):
        for kind, shape in (('img_dir', (140, 150, 3)), ('ann_dir', (140, 150))):
            folder = Path('data/mine', kind, split)
            folder.mkdir(parents=True)
            picture = np.random.default_rng(0).integers(0, 3, shape, dtype=np.uint8)
            cv2.imwrite(str(folder / 'a.png'), picture)
    return Config.fromfile('mine.py')


def test_the_example_config_loads_data_and_builds(mine):
    for split in ('train', 'val', 'test'):
        dataset = DATASETS.build(mine[f'{split}_dataloader'].dataset)
        assert dataset.metainfo['classes'] == ('water', 'forest', 'field')
        assert dataset[0]['data_samples'].gt_sem_seg.data.max() <= 2
    assert MODELS.build(mine.model).decode_head.decoder.num_classes == 3

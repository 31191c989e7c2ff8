"""What the README names exists, and its example config is one."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmseg.registry import DATASETS, MODELS

from ktda_mmseg.datasets.preparation.rasters import prepare
from ktda_mmseg.studies import Study
from ktda_mmseg.studies.cells import cells_of

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


def test_its_scores_are_those_of_the_studies():
    section = README.split('## Compare\n')[1].split('\n## ')[0]
    rows = {line for line in section.splitlines() if line.startswith('|')}
    studies = (ROOT / 'docs' / 'results').glob('*/README.md')
    assert rows
    assert not rows - {line for study in studies for line in study.read_text().splitlines()}


def block(name: str, text: str = README) -> str:
    """Return the code block that begins with this name in a comment."""
    return re.search(rf'```\w+\n# {re.escape(name)}\n(.*?)```', text, re.DOTALL).group(1)


@pytest.fixture(params=['configs/quickstart/dubai.py', 'configs/ktda/dubai_best.py'])
def mine(request, tmp_path, monkeypatch) -> Config:
    """The README's example config, with images and labels prepared as it says."""
    pytest.importorskip('rasterio')
    monkeypatch.chdir(tmp_path)
    Path('classes.yaml').write_text(block('classes.yaml'))
    example = block('mine.py').replace('/path/to/ktda_mmseg', str(ROOT))
    assert request.param in README and 'configs/quickstart/dubai.py' in example
    Path('mine.py').write_text(example.replace('configs/quickstart/dubai.py', request.param))
    for folder, shape, values in (('images', (140, 150, 3), 256), ('labels', (140, 150), 4)):
        Path(folder).mkdir()
        for index in range(3):
            picture = np.random.default_rng(index).integers(0, values, shape, dtype=np.uint8)
            cv2.imwrite(f'{folder}/{index}.png', picture)
    prepare(Path('data/mine'), Path('images'), Path('labels'), Path('classes.yaml'))
    return Config.fromfile('mine.py')


def test_the_example_config_loads_data_and_builds(mine):
    for split in ('train', 'val', 'test'):
        dataset = DATASETS.build(mine[f'{split}_dataloader'].dataset)
        assert dataset.metainfo['classes'] == ('water', 'forest')
        assert set(dataset[0]['data_samples'].gt_sem_seg.data.unique().tolist()) == {0, 1, 255}
    assert MODELS.build(mine.model).decode_head.decoder.num_classes == 2


def test_the_example_study_changes_the_data_alone(mine):
    text = (ROOT / 'docs' / 'studies.md').read_text(encoding='utf-8')
    Path('configs').symlink_to(ROOT / 'configs')
    student = block('mine_student.py', text)
    best = student.replace('configs/studies/dubai/student.py', 'configs/ktda/dubai_best.py')
    assert 'configs/ktda/dubai_best.py' in text
    Path('mine_student.py').write_text(student)
    Path('mine_best.py').write_text(best)
    Path('mine.yaml').write_text(block('mine.yaml', text))
    cells = cells_of(Study.load(Path('mine.yaml')))
    assert len(cells) == 15
    alone, ktda, random = (cell.config for cell in cells[:3])
    assert alone.train_dataloader.dataset.metainfo == mine.train_dataloader.dataset.metainfo
    assert alone.model.teacher is None and ktda.model.teacher.type == 'EfficientNetLite0'
    assert random.model.teacher == dict(ktda.model.teacher, pretrained=False)
    assert random.model.decode_head.num_classes == 2 == alone.model.decode_head.num_classes

"""A study of two rows that needs neither data nor training."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from ktda_mmseg.studies import Study

CLASSES = ['land', 'water', 'road']


@pytest.fixture
def content() -> dict:
    """What the study file says."""
    rows = {name: dict(title=name.title(), config='config.py') for name in ('alone', 'full')}
    return dict(
        title='A try', seeds=[0, 1, 2], compare='alone', datasets=dict(town=None), rows=rows
    )


@pytest.fixture
def load(tmp_path, monkeypatch, content) -> Callable[..., Study]:
    """Return a function that writes the study file, with changes, and reads it."""
    monkeypatch.chdir(tmp_path)
    Path('config.py').write_text(
        "model = dict(type='M')\n"
        'train_cfg = dict(max_iters=4)\n'
        "train_dataloader = dict(batch_size=2, num_workers=2, dataset=dict(data_root='a'))\n"
        'param_scheduler = [dict(end=4)]\n'
        'crop = 3\n'
    )

    def write(**changes) -> Study:
        Path('try.yaml').write_text(yaml.safe_dump({**content, **changes}))
        return Study.load(Path('try.yaml'))

    return write


def matrix_of(right: int) -> np.ndarray:
    """A confusion matrix of three classes, of which the last is never predicted."""
    return np.array([[right, 100 - right, 0], [10, 90, 0], [5, 5, 0]])


@pytest.fixture
def write_result() -> Callable[..., None]:
    """Return a function that writes a cell's JSON file."""

    def write(row: str, seed: int, right: int, digest: str = 'abc', macs: int = 2_000_000) -> None:
        from ktda_mmseg.studies.scoring import scores_of

        matrix = matrix_of(right)
        images = [10.0 * index + right / 10 for index in range(5)]
        result = dict(
            digest=digest,
            classes=CLASSES,
            test={**scores_of(matrix)._asdict(), 'matrix': matrix.tolist(), 'images': images},
            model=dict(size=[64, 32], parameters=1_500_000, macs=macs, latency=0.002),
            training=dict(seconds=90.0, iterations=40),
            machine=dict(device='a machine', threads='1'),
        )
        path = Path('docs', 'results', 'try', 'town', row, f'seed_{seed}.json')
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result))

    return write

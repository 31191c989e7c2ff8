"""A tiny KTDA run, and the tools called as from a shell but in this process."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config, ConfigDict
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run_tool(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Return a function that runs a tool with arguments and returns what it printed."""

    def run(name: str, *args: object) -> str:
        script = ROOT / 'tools' / name
        monkeypatch.setattr(sys, 'argv', [str(script), *map(str, args)])
        monkeypatch.setattr(sys, 'path', [str(script.parent), *sys.path])
        runpy.run_path(str(script), run_name='__main__')
        return capsys.readouterr().out

    return run


@pytest.fixture
def run_config(tiny_model: ConfigDict, tmp_path: Path) -> Path:
    """Config file that trains the tiny model for two iterations on two images of noise."""
    rng = np.random.default_rng(0)
    for folder, shape, limit in (('images', (64, 64, 3), 256), ('masks', (64, 64), 5)):
        (tmp_path / folder).mkdir()
        for name in 'ab':
            pixels = rng.integers(0, limit, shape, np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f'{name}.png')
    loader = dict(
        batch_size=2,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='GrassDataset',
            data_root=str(tmp_path),
            img_suffix='.png',
            data_prefix=dict(img_path='images', seg_map_path='masks'),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations'),
                dict(type='PackSegInputs'),
            ],
        ),
    )
    bases = ROOT / 'configs' / '_base_'
    config = Config.fromfile(bases / 'default_runtime.py')
    config.merge_from_dict(Config.fromfile(bases / 'schedules' / 'iterations.py').to_dict())
    config.merge_from_dict(
        dict(
            model=tiny_model,
            train_dataloader=dict(loader, sampler=dict(type='ResumableSampler')),
            val_dataloader=loader,
            test_dataloader=loader,
            val_evaluator=dict(type='IoUMetric'),
            test_evaluator=dict(type='IoUMetric'),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=2, val_interval=2),
            optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01)),
            default_hooks=dict(checkpoint=dict(interval=2), logger=dict(interval=1)),
        )
    )
    path = tmp_path / 'tiny.py'
    config.dump(path)
    return path

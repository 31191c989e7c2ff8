"""What is measured of a data loader agrees with a pipeline whose speed is known."""

import numpy as np
import pytest
from mmcv.transforms import BaseTransform
from mmengine.config import ConfigDict
from mmseg.registry import TRANSFORMS
from PIL import Image

from ktda_mmseg.benchmark import loader
from ktda_mmseg.benchmark.loader import LoaderSpeed, measure_loader
from ktda_mmseg.benchmark.timing import Measurement

PAUSE = 0.02


class Clock:
    """What time it is by what was done, however fast the machine is."""

    now = 0.0

    @classmethod
    def perf_counter(cls):
        cls.now += 1e-6
        return cls.now


@TRANSFORMS.register_module()
class Pause(BaseTransform):
    """Take a known time."""

    def transform(self, results: dict) -> dict:
        Clock.now += PAUSE
        return results


@pytest.fixture
def config(tmp_path, monkeypatch) -> ConfigDict:
    """Two small pairs and a pipeline that is slow on purpose."""
    monkeypatch.setattr(loader, 'time', Clock)
    for folder in ('images', 'masks'):
        (tmp_path / folder).mkdir()
        for name in 'ab':
            Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / folder / f'{name}.png')
    dataset = dict(
        type='GrassDataset',
        data_root=str(tmp_path),
        img_suffix='.png',
        data_prefix=dict(img_path='images', seg_map_path='masks'),
        pipeline=[dict(type='LoadImageFromFile'), dict(type='Pause'), dict(type='PackSegInputs')],
    )
    data = dict(batch_size=2, num_workers=0, sampler=dict(type='ResumableSampler'), dataset=dataset)
    return ConfigDict(train_dataloader=data)


def test_the_slow_transform_is_found(config):
    speed = measure_loader(config, images=5)
    assert len(speed.rates) == 3  # rounds of two, rounded up
    assert speed.rates == pytest.approx([1 / PAUSE] * 3, rel=1e-3)
    assert [*speed.transforms] == ['LoadImageFromFile', 'Pause', 'PackSegInputs']
    assert max(speed.transforms, key=speed.transforms.get) == 'Pause'
    assert speed.transforms['Pause'] == pytest.approx(PAUSE, rel=1e-3)
    assert 'Pause' in str(speed) and 'batches of 2, 0 workers' in str(speed)


def test_transforms_of_a_wrapped_data_set_are_timed(config):
    dataset = config.train_dataloader.dataset
    repeated = dict(type='RepeatDataset', dataset=dataset, times=2)
    config.train_dataloader.dataset = dict(type='ConcatDataset', datasets=[repeated, dataset])
    assert measure_loader(config, images=4).transforms['Pause'] == pytest.approx(PAUSE, rel=1e-3)


def test_a_loader_that_ends_is_begun_anew(config):
    config.train_dataloader.sampler = dict(type='DefaultSampler')
    assert len(measure_loader(config, images=8).rates) == 4


def test_no_image_is_refused(config):
    with pytest.raises(ValueError, match='expected at least 1 image, got 0'):
        measure_loader(config, images=0)


@pytest.mark.parametrize(
    ('seconds', 'verdict'),
    [
        ([0.4, 0.5, 0.9], 'the data keep up: 1.2 times the rate of training'),
        ([0.1], 'the data do not keep up; raise train_dataloader.num_workers (2): 0.2 times'),
    ],
)
def test_the_verdict_compares_the_medians(seconds, verdict):
    speed = LoaderSpeed([9.0, 10.0, 12.0], batch_size=4, workers=2, transforms={})
    said = speed.compared_with(Measurement('grass', 4, (8, 8), 0, {}, seconds))
    assert verdict in said
    assert f'{4 / seconds[len(seconds) // 2]:.1f} images/s' in said

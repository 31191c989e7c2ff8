"""Each axis changes what it says, and the figure has a column for each."""

import json
from pathlib import Path

import pytest
from mmengine.config import Config

from ktda_mmseg.benchmark.scaling import TEACHERS, measure_scaling, options

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


@pytest.mark.parametrize('teacher', TEACHERS)
@pytest.mark.parametrize('name', ['grass', 'grass_fast'])
def test_a_teacher_brings_its_width(name, teacher):
    config = Config.fromfile(CONFIGS / 'ktda' / f'{name}.py')
    config.merge_from_dict(options('teacher', teacher))
    model = config.model
    widths = {model.neck.out_channels, *model.decode_head.in_channels}
    assert widths == {TEACHERS[teacher], *model.decode_head.pyramid.in_channels}
    assert model.teacher.arch == teacher


def test_points_of_a_small_sweep(forks, tmp_path):
    config = str(CONFIGS / 'quickstart' / 'synthetic.py')
    small, large, more = measure_scaling(
        [config], tmp_path / 'scaling.json', 2, 64, sizes=[64, 96], batches=[3], repeats=1
    )
    assert (small.axis, small.value, small.images) == ('size', 64, 2)
    assert small.flops < large.flops
    assert more.flops == pytest.approx(1.5 * small.flops, rel=0.01) and more.images == 3
    assert json.loads((tmp_path / 'scaling.json').read_text())['points'][2]['axis'] == 'batch'
    assert (tmp_path / 'scaling.png').stat().st_size > 10_000


def test_what_was_measured_before_a_failure_is_kept(forks, tmp_path):
    config = str(CONFIGS / 'quickstart' / 'synthetic.py')
    with pytest.raises(ValueError, match='expected height of at least 1, got 0'):
        measure_scaling([config], tmp_path / 'scaling.json', 2, 64, sizes=[64, 0], repeats=1)
    (point,) = json.loads((tmp_path / 'scaling.json').read_text())['points']
    assert point['value'] == 64


def test_an_unknown_teacher_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"expected teachers among .*, got \['giant'\]"):
        measure_scaling([], tmp_path / 'scaling.json', 1, 64, teachers=['giant'])

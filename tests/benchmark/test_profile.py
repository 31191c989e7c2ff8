"""The parts of a profiled step add up, and cost what they compute."""

import json
from pathlib import Path

import pytest

from ktda_mmseg.benchmark.figures import plot_shares
from ktda_mmseg.benchmark.profile import format_shares, profile_step
from ktda_mmseg.benchmark.steps import Variant, training_step

QUICKSTART = str(Path(__file__).resolve().parents[2] / 'configs' / 'quickstart' / 'synthetic.py')


def test_shares_of_a_training_step(tmp_path):
    step = training_step(Variant.parse(QUICKSTART, {}), 2, (64, 64))
    step.run()
    shares = profile_step(step, tmp_path / 'trace.json')
    trace = json.loads((tmp_path / 'trace.json').read_text())['traceEvents']
    whole = [event['dur'] / 1e6 for event in trace if event['name'] == 'step' and 'dur' in event]
    assert sum(map(sum, shares.values())) == pytest.approx(max(whole), rel=1e-3)
    assert shares['teacher'][0] > 0 and shares['teacher'][1] == 0
    for part in ('student', 'alignment', 'pyramid', 'modulation', 'transfer losses'):
        assert all(seconds > 0 for seconds in shares[part]), part
    # what the names do not cover: decoders and their losses
    assert shares['decoders and rest'][0] < 0.8 * max(whole)
    percent = [float(part.split()[-2]) for part in format_shares(shares).split(', ')]
    assert sum(percent) == pytest.approx(100, abs=0.5) and min(percent) >= 0
    plot_shares({'small': shares}, tmp_path / 'shares.png')
    assert (tmp_path / 'shares.png').stat().st_size > 1000

"""Figures of features, from the command line."""

import json

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

TOOL = 'analysis_tools/visualize_features.py'


@pytest.fixture
def trained(run_config, tmp_path):
    """Checkpoints of the tiny run: after one iteration and after two."""
    config = Config.fromfile(run_config)
    options = dict(
        work_dir=str(tmp_path / 'run'),
        default_hooks=dict(checkpoint=dict(interval=1, max_keep_ckpts=2)),
    )
    config.merge_from_dict(options)
    config.train_cfg.val_interval = 9
    Runner.from_cfg(config).train()
    return tmp_path / 'run' / 'iter_1.pth', tmp_path / 'run' / 'iter_2.pth'


def test_a_trained_student_is_shown_beside_its_teacher(run_tool, run_config, trained, tmp_path):
    out = tmp_path / 'out'
    printed = run_tool(TOOL, run_config, trained[1], '--out', out, '--shown', '1')
    assert {path.name for path in out.iterdir()} == {
        'maps_a.png',
        'attention_a.png',
        'similarity.png',
        'similarity.json',
    }
    found = json.loads((out / 'similarity.json').read_text())
    assert found['before'] != found['after']
    line = next(
        line.split() for line in printed.splitlines() if 'aligned.l2' in line and 'after' in line
    )
    assert [float(x) for x in line[2:]] == pytest.approx(found['after']['aligned.l2'], abs=1e-3)


def test_a_student_alone_needs_the_teacher_of_another(run_tool, run_config, trained, tmp_path):
    config = Config.fromfile(run_config)
    config.merge_from_dict(dict(model=dict(teacher=None, transfer_losses=None)))
    config.dump(tmp_path / 'alone.py')
    out = ['--out', tmp_path / 'out', '--before', trained[0], '--shown', '0', '--images', '1']
    arguments = [tmp_path / 'alone.py', trained[1], *out]
    with pytest.raises(SystemExit, match=r'alone\.py: expected a model\.teacher .* --teacher'):
        run_tool(TOOL, *arguments)
    run_tool(TOOL, *arguments, '--teacher', run_config)
    assert {path.name for path in (tmp_path / 'out').iterdir()} == {
        'similarity.png',
        'similarity.json',
    }


def test_a_checkpoint_of_another_model_is_refused(run_tool, run_config, trained, tmp_path):
    config = Config.fromfile(run_config)
    config.model.decode_head.num_classes = 7
    config.dump(tmp_path / 'other.py')
    with pytest.raises(SystemExit, match='error: '):
        run_tool(TOOL, tmp_path / 'other.py', trained[1], '--out', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()

import json

import numpy as np
import pytest
from PIL import Image


def test_get_flops_counts_the_deployed_model(run_tool, run_config):
    printed = run_tool('analysis_tools/get_flops.py', run_config, '--shape', '64')
    assert 'Input shape: (64, 64)' in printed
    assert 'Flops: ' in printed
    # the student, FAM and head; the teacher has 0.05 M more
    assert 'Params: 0.284M' in printed


def test_browse_dataset_draws_every_image(run_tool, run_config, tmp_path):
    out = tmp_path / 'browsed'
    run_tool('analysis_tools/browse_dataset.py', run_config, '--not-show', '--output-dir', out)
    assert {path.name for path in out.iterdir()} == {'a.png', 'b.png'}


def test_benchmark_measures_configs_in_turn(forks, run_tool, run_config, tmp_path):
    options = ['--repeats', '2', '--json', tmp_path / 'x.json', '--profile', tmp_path / 'profile']
    tool = 'analysis_tools/benchmark.py'
    printed = run_tool(tool, 'train', run_config, f'{run_config}+bf16', '--dataloader', *options)
    assert f'{tmp_path.name}/tiny+bf16: losses of 3 steps within' in printed
    assert '  LoadAnnotations  ' in printed and 'times the rate of training' in printed
    assert len(json.loads((tmp_path / 'x.json').read_text())['results']) == 2
    names = {path.name for path in (tmp_path / 'profile').iterdir()}
    traces = {f'{tmp_path.name}_tiny.json', f'{tmp_path.name}_tiny+bf16.json'}
    assert names == {*traces, 'shares.png'}


def test_memory_counts_configs(run_tool, run_config, tmp_path):
    options = ['--size', '96', '64', '--batch-size', '3', '--json', tmp_path / 'x.json']
    printed = run_tool('analysis_tools/memory.py', run_config, f'{run_config}+bf16', *options)
    assert f'{tmp_path.name}/tiny+bf16  3 of 64x96' in printed
    counts = json.loads((tmp_path / 'x.json').read_text())['footprints']
    assert counts[1]['peak'] < counts[0]['peak']
    with pytest.raises(SystemExit, match='expected batch_size of at least 1, got 0'):
        run_tool('analysis_tools/memory.py', run_config, '--batch-size', '0')


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['train', '--repeats', '0'], 'expected repeats of at least 1, got 0'),
        (['infer', '--size', '96', '0'], 'expected width of at least 1, got 0'),
        (['infer', '--dataloader'], 'expected mode train with --dataloader'),
    ],
)
def test_benchmark_of_nothing_is_refused(run_tool, run_config, arguments, message):
    mode, *options = arguments
    with pytest.raises(SystemExit, match=message):
        run_tool('analysis_tools/benchmark.py', mode, run_config, *options)


def test_confusion_matrix_is_drawn_from_label_images(run_tool, run_config, tmp_path):
    (tmp_path / 'predicted').mkdir()
    for name in 'ab':
        pixels = np.zeros((64, 64), np.uint8)
        Image.fromarray(pixels).save(tmp_path / 'predicted' / f'{name}.png')
    tool = 'analysis_tools/confusion_matrix.py'
    run_tool(tool, run_config, tmp_path / 'predicted', tmp_path / 'matrix')
    assert (tmp_path / 'matrix' / 'confusion_matrix.png').stat().st_size > 10_000


def test_print_config_shows_what_is_inherited(run_tool, run_config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # mmseg's script leaves example.py where it runs
    assert "type='AtomicCheckpointHook'" in run_tool('analysis_tools/print_config.py', run_config)


def test_analyze_logs_plots_the_loss(run_tool, tmp_path):
    pytest.importorskip('seaborn', reason='the script that mmseg ships imports seaborn')
    log = tmp_path / 'scalars.json'
    log.write_text(''.join(json.dumps(dict(step=i, loss=1 / i)) + '\n' for i in range(1, 5)))
    out = tmp_path / 'loss.png'
    run_tool('analysis_tools/analyze_logs.py', log, '--keys', 'loss', '--out', out)
    assert out.stat().st_size > 5_000

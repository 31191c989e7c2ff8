"""What ends in one line, and what keeps its traceback, in every tool (issue 19, point 18)."""

import errno
import json
import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmengine.config import Config
from mmengine.registry import MODELS
from torch.utils.data import DataLoader, Dataset

from ktda_mmseg.datasets import GrassDataset
from ktda_mmseg.utils.errors import clean_errors
from ktda_mmseg.utils.files import write_atomic

TOOLS = Path(__file__).resolve().parents[2] / 'tools'
SCRIPT = 'runpy.run_path'  # of mmseg
# a command line of each tool, and what does its work
COMMANDS = {
    'analysis_tools/analyze_logs': ('plot_curve log.json', SCRIPT),
    'analysis_tools/benchmark': ('train c.py', 'ktda_mmseg.benchmark.commands.run_benchmark'),
    'analysis_tools/benchmark_scene': (
        'c.py c.pth a.tif --overlap 0', 'ktda_mmseg.benchmark.scene_speed.measure_scene'
    ),
    'analysis_tools/browse_dataset': ('c.py', SCRIPT),
    'analysis_tools/collect_env': ('', 'ktda_mmseg.benchmark.machine.environment'),
    'analysis_tools/confusion_matrix': ('c.py p out', SCRIPT),
    'analysis_tools/get_flops': ('c.py', SCRIPT),
    'analysis_tools/memory': ('c.py', 'ktda_mmseg.benchmark.memory.count_memory'),
    'analysis_tools/performance': ('', 'ktda_mmseg.benchmark.document.render'),
    'analysis_tools/print_config': ('c.py', SCRIPT),
    'analysis_tools/report': ('c.py c.pth --work-dir w', 'ktda_mmseg.studies.report.write_report'),
    'analysis_tools/scaling': ('c.py --out a.json', 'ktda_mmseg.benchmark.scaling.measure_scaling'),
    'analysis_tools/score_csmask': ('data', 'ktda_mmseg.studies.csmask.score_csmask'),
    'analysis_tools/study_features': ('s.yaml --rows a b', 'ktda_mmseg.studies.Study.load'),
    'analysis_tools/visualize_features': (
        'c.py c.pth --out o', 'ktda_mmseg.studies.features.visualise.visualise_features'
    ),
    'cache_teacher': ('c.py', 'ktda_mmseg.caching.build.build_caches'),
    'calibrate': ('c.py c.pth', 'ktda_mmseg.engine.calibration.calibrate'),
    'check_dataset': ('c.py', 'ktda_mmseg.scenes.check.running.check'),
    'download_dataset': ('dubai', 'ktda_mmseg.scenes.download.download.download'),
    'export': (
        'c.py c.pth --format onnx --out o', 'ktda_mmseg.scenes.export.exporting.export_all'
    ),
    'init_config': ('c.py --data d', 'ktda_mmseg.scenes.prepare.project.write_config'),
    'model_converters/convnext_to_mmpretrain': (
        'a b.pth', 'ktda_mmseg.checkpoints.converters.convert_backbone_file'
    ),
    'model_converters/csmask_to_timm': (
        'a b.pth', 'ktda_mmseg.checkpoints.converters.convert_csmask_file'
    ),
    'model_converters/dinov2_to_mmpretrain': (
        'a b.pth', 'ktda_mmseg.checkpoints.converters.convert_backbone_file'
    ),
    'model_converters/official_to_ktda': (
        'a b.pth', 'ktda_mmseg.checkpoints.converters.convert_official_file'
    ),
    'model_converters/onnx_to_dinov2': (
        'a b.pth', 'ktda_mmseg.checkpoints.converters.convert_onnx_file'
    ),
    'model_converters/to_deploy': ('c.py a b.pth', 'ktda_mmseg.checkpoints.deploy.export_deploy'),
    'predict_scene': ('m.onnx a.tif --out o', 'ktda_mmseg.scenes.map.sources.find_dated'),
    'prepare_dataset': ('synthetic', 'ktda_mmseg.scenes.prepare.synthetic.prepare'),
    'publish': ('s.yaml row out', 'ktda_mmseg.studies.release.publish'),
    'run_study': ('s.yaml', 'ktda_mmseg.studies.commands.run_study'),
    'serve': ('m.onnx', 'ktda_mmseg.scenes.predictors.load_named'),
    'test': ('c.py c.pth', SCRIPT),
    'train': ('c.py', 'ktda_mmseg.engine.run_config.set_work_dir'),
}  # fmt: skip


@pytest.fixture
def run(tmp_path, monkeypatch, run_tool):
    """Return a function that runs a tool in a folder with an empty config and checkpoint."""
    monkeypatch.setattr(logging, 'raiseExceptions', True)
    monkeypatch.chdir(tmp_path)
    for name in ('c.py', 'c.pth'):
        (tmp_path / name).touch()
    return lambda name, *arguments: run_tool(f'{name}.py', *arguments)


def test_every_tool_is_known():
    scripts = (
        path.relative_to(TOOLS) for path in TOOLS.rglob('*.py') if '__main__' in path.read_text()
    )
    assert {str(path.with_suffix('')) for path in scripts} == set(COMMANDS)


@pytest.mark.parametrize('name', COMMANDS)
def test_every_tool_tells_users_errors_from_its_own(run, name, monkeypatch):
    line, target = COMMANDS[name]
    told = OSError(errno.ENOSPC, 'No space left on device', 'out.pth')

    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(target, fail)
    error = told
    with pytest.raises(SystemExit) as ended:
        run(name, *line.split())
    assert ended.value.code == f'error: {told}'
    error = ValueError('a bug, which no check of ours has raised')
    with pytest.raises(ValueError, match='a bug'):
        run(name, *line.split())
    monkeypatch.setenv('KTDA_TRACEBACK', '1')
    error = told
    with pytest.raises(OSError, match='No space left'):
        run(name, *line.split())


def test_a_full_disk_ends_training_in_one_line(run, run_config, tmp_path, monkeypatch, capsys):
    """The log is on the same disk, and each of its lines fails."""
    write_bytes = Path.write_bytes

    def full(path, content):
        if path.suffix == '.pth':
            write_bytes(path, content[:1000])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_bytes(path, content)

    monkeypatch.setattr(Path, 'write_bytes', full)
    monkeypatch.setattr(logging.FileHandler, 'emit', lambda self, record: self.handleError(record))
    with pytest.raises(SystemExit) as ended:
        run('train', run_config, '--work-dir', tmp_path / 'run')
    expected = f"error: [Errno 28] No space left on device: '{tmp_path}/run/iter_2.pth'"
    assert ended.value.code == expected
    assert 'Traceback' not in ''.join(capsys.readouterr())
    assert not list((tmp_path / 'run').glob('*.pth'))


@pytest.mark.parametrize('backend', ['TensorboardVisBackend', 'WandbVisBackend'])
def test_a_visualizer_that_is_not_installed_is_named(
    run, run_config, tmp_path, monkeypatch, backend
):
    for name in ('tensorboard', 'torch.utils.tensorboard', 'wandb'):
        monkeypatch.setitem(sys.modules, name, None)
    config = Config.fromfile(run_config)
    config.visualizer = dict(config.visualizer, vis_backends=[dict(type=backend)], name=backend)
    config.dump(tmp_path / 'shown.py')
    with pytest.raises(SystemExit, match='(?i)^error: .*install .*(tensorboard|wandb)'):
        run('train', tmp_path / 'shown.py', '--work-dir', tmp_path / 'run')


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('model = dict(', r'c\.py: SyntaxError: .*never closed'),
        ("_base_ = ['nosuch.py']", r'nosuch\.py'),
        ('a = b', r"c\.py: NameError: name 'b' is not defined"),
        ("_base_ = 'd.py'\nx = _base_.absent", r'c\.py: \w+Error: .*absent'),
    ],
)
def test_a_config_that_cannot_be_read_is_named(run, tmp_path, text, message):
    (tmp_path / 'c.py').write_text(text)
    (tmp_path / 'd.py').write_text('y = 1')
    with pytest.raises(SystemExit, match=f'^error: .*{message}'):
        run('train', 'c.py')
    with pytest.raises(SystemExit, match=f'^error: .*{message}'):
        run('analysis_tools/report', 'c.py', 'c.pth', '--work-dir', 'run')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ('--window 0', 'a window of at least 1 pixel, got 0'),
        ('--window -3 --overlap 0', 'a window of at least 1 pixel, got -3'),
        ('--overlap -1', 'an overlap from 0 to 31'),
        ('--window 16 --overlap 16', 'an overlap from 0 to 15'),
        ('--batch-size 0', 'a batch of at least 1 window, got 0'),
    ],
)
def test_windows_of_nothing_are_refused(run, monkeypatch, options, message):
    card = SimpleNamespace(bands=(1,), window=(32, 32), classes=('a', 'b'))
    monkeypatch.setattr(
        'ktda_mmseg.scenes.predictors.load_predictor', lambda *_: SimpleNamespace(card=card)
    )
    monkeypatch.setattr('ktda_mmseg.scenes.map.sources.find_dated', lambda *_: {})
    with pytest.raises(SystemExit, match=f'^error: expected {message}'):
        run('predict_scene', 'm.onnx', 'a.tif', '--out', 'out', *options.split())


def fails_in_a_file():
    json.loads('{')


def fails_in_a_check_of_mmengine():
    from mmengine.hooks import LoggerHook

    LoggerHook(interval=0)


def fails_as_a_package_is_missing():
    import nosuchpackage  # noqa: F401


class Broken(Dataset):
    """Raises in a worker what the package raises for a bad file."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        GrassDataset(data_root='nowhere', data_prefix=dict(img_path='images'))


def fails_in_package():
    GrassDataset(data_root='nowhere', data_prefix=dict(img_path='images'))


def fails_in_worker():
    next(iter(DataLoader(Broken(), num_workers=1)))


def fails_in_config():
    MODELS.build(dict(type='mmseg.FAM', in_channels=[1], out_channels=1, patchsize=14))


@pytest.mark.parametrize(
    ('fail', 'message'),
    [
        (fails_in_package, 'nowhere'),
        (fails_in_worker, 'nowhere'),
        (fails_in_config, "unexpected keyword argument 'patchsize'"),
        (fails_in_a_file, 'Expecting property name'),
        (fails_in_a_check_of_mmengine, 'interval must be greater than 0'),
        (fails_as_a_package_is_missing, "No module named 'nosuchpackage'"),
    ],
)
def test_what_the_user_can_mend_ends_in_one_line(fail, message):
    with pytest.raises(SystemExit) as exit_, clean_errors():
        fail()
    assert exit_.value.code.startswith('error: ') and '\n' not in exit_.value.code
    assert message in exit_.value.code


def test_the_traceback_can_be_had(monkeypatch):
    monkeypatch.setenv('KTDA_TRACEBACK', '1')
    with pytest.raises(FileNotFoundError), clean_errors():
        fails_in_package()


def misses_a_name_of_ours():
    from ktda_mmseg.utils.errors import nosuchname  # noqa: F401


def zips_unevenly():
    """In the package, but no check of it."""
    code = 'list(zip([1], [], strict=True))'
    exec(compile(code, str(TOOLS.parent / 'ktda_mmseg' / 'utils' / 'errors.py'), 'exec'))


@pytest.mark.parametrize(
    ('fail', 'kind'),
    [
        (lambda: int('x'), ValueError),
        (lambda: {}['x'], KeyError),
        (lambda: None.x, AttributeError),
        (lambda: len(1), TypeError),
        (misses_a_name_of_ours, ImportError),
        (zips_unevenly, ValueError),
    ],
)
def test_a_bug_keeps_its_traceback(fail, kind):
    with pytest.raises(kind), clean_errors():
        fail()


def test_a_stopped_tool_says_so_in_one_line():
    with pytest.raises(SystemExit, match='^stopped$'), clean_errors():
        raise KeyboardInterrupt


def test_a_full_disk_is_told_with_the_file(tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(Path, 'write_bytes', full)
    with pytest.raises(OSError, match=rf"{os.strerror(errno.EDQUOT)}: '{tmp_path}/a\.json'"):
        write_atomic(tmp_path / 'a.json', b'1')


def test_a_module_that_a_config_imports_and_nobody_finds_is_named(run, tmp_path):
    (tmp_path / 'c.py').write_text("custom_imports = dict(imports=['projects.nowhere'])")
    with pytest.raises(SystemExit) as ended:
        run('test', 'c.py', 'c.pth')
    message = str(ended.value.code)
    assert message.startswith('error: c.py: ImportError: Failed to import projects.nowhere (No mod')
    assert 'set PYTHONPATH to' in message and 'a clone of the repository' in message
    assert str(tmp_path) not in message

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / 'tools'


def run_script(name, *args, **environment):
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get('PYTHONPATH')]))
    return subprocess.run(
        [TOOLS / name, *map(str, args)],
        env={**os.environ, 'PYTHONPATH': path, 'PYTHON': sys.executable, **environment},
        capture_output=True,
        text=True,
    )


def test_two_processes_train_and_test_without_a_gpu(run_config, tmp_path):
    """Gloo joins them: both log one run, whose checkpoint two processes score. Slow: four start."""
    work_dir = ['--work-dir', tmp_path / 'run']
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = str(server.getsockname()[1])
    one_thread = dict(OMP_NUM_THREADS='1', PORT=port, CUDA_VISIBLE_DEVICES='')
    trained = run_script('dist_train.sh', run_config, 2, *work_dir, **one_thread)
    assert trained.returncode == 0, trained.stderr[-3000:]
    checkpoint = tmp_path / 'run' / 'iter_2.pth'
    tested = run_script('dist_test.sh', run_config, checkpoint, 2, *work_dir, **one_thread)
    assert tested.returncode == 0, tested.stderr[-3000:]
    assert 'mIoU' in tested.stdout


@pytest.mark.parametrize(
    ('script', 'arguments'), [('slurm_train.sh', ['c.py']), ('slurm_test.sh', ['c.py', 'c.pth'])]
)
def test_slurm_gets_the_tool_and_the_resources(tmp_path, script, arguments):
    srun = tmp_path / 'srun'
    srun.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    srun.chmod(0o755)
    path = f'{tmp_path}{os.pathsep}{os.environ["PATH"]}'
    done = run_script(
        script, 'gpus', 'job', *arguments, '--tta', PATH=path, GPUS='8', SRUN_ARGS='-w n1 -v'
    )
    asked, _, command = done.stdout.partition(sys.executable)
    assert {'--partition=gpus', '--job-name=job', '--ntasks=8', '-w', 'n1', '-v'} <= set(
        asked.split()
    )
    tool = script.removeprefix('slurm_').replace('.sh', '.py')
    assert command.split() == [
        '-u',
        str(TOOLS / tool),
        *arguments,
        '--tta',
        '--launcher',
        'slurm',
    ]


@pytest.mark.parametrize('name', ['dist_train', 'dist_test', 'slurm_train', 'slurm_test'])
def test_too_few_arguments_show_the_usage(name):
    done = run_script(f'{name}.sh', 'one')
    assert done.returncode == 2
    assert done.stderr.count('\n') == 1
    assert f'{name}.sh ' in done.stderr

import multiprocessing
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from joblib import cpu_count

from ktda_mmseg.studies import commands, training
from ktda_mmseg.studies.cells import FAILED, LOCK, MISSING, RUNNING, TAKEN, cells_of
from ktda_mmseg.studies.commands import describe, unfinished
from ktda_mmseg.utils import precision
from ktda_mmseg.utils.claims import claim
from ktda_mmseg.utils.workers import Workers

from ..waiting import wait_for

# what stands in for the process of a cell: it claims it and notes that it ran, and writes a result
# or fails
STAND_IN = """
import json, os, sys, threading, time
from pathlib import Path
from filelock import FileLock, Timeout
study, dataset, row, seed = sys.argv[1:]
threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
folder = Path('work_dirs', 'studies', Path(study).stem, dataset, row, f'seed_{seed}')
lock = FileLock(folder / 'lock')
try:
    lock.acquire(blocking=False)
except Timeout:
    sys.exit(75)
result = Path('docs', 'results', Path(study).stem, dataset, row, f'seed_{seed}.json')
if result.exists():
    sys.exit()
with open('ran.txt', 'a') as file:
    file.write(f'{dataset}/{row}/seed_{seed} {os.environ["OMP_NUM_THREADS"]}\\n')
time.sleep(float(os.environ.get('SECONDS_OF_A_CELL', 0)))
if row == 'bad':
    sys.exit('error: expected luck, got none')
result.parent.mkdir(parents=True, exist_ok=True)
result.write_text('{"digest": ""}')
"""
TWO_JOBS = """
import sys
from pathlib import Path
from ktda_mmseg.studies import Study, commands
from ktda_mmseg.studies.cells import cells_of
from ktda_mmseg.utils.workers import Workers
commands.PROGRAM = sys.argv[1:]
commands.run_cells(cells_of(Study.load(Path('try.yaml')), seeds=[0]), Workers(2))
"""
CONTEXT = multiprocessing.get_context('fork')


@pytest.fixture(autouse=True)
def stand_in(tmp_path, monkeypatch):
    """Run a small script in place of the training of a cell."""
    script = tmp_path / 'stand_in.py'
    script.write_text(STAND_IN)
    monkeypatch.setattr(commands, 'PROGRAM', (str(script),))


def ran():
    lines = Path('ran.txt').read_text().splitlines() if Path('ran.txt').exists() else []
    return Counter(line.split()[0] for line in lines)


def test_each_cell_runs_once_and_a_failing_one_stops_no_other(load, content):
    content['rows']['bad'] = dict(title='Bad', config='config.py')
    cells = cells_of(load(), seeds=[0, 1])
    failures = commands.run_cells(cells, Workers(1))
    assert ran() == Counter(cell.label for cell in cells)
    assert [failure.split(':')[0] for failure in failures] == ['town/bad/seed_0', 'town/bad/seed_1']
    assert 'expected luck, got none (exit code 1, see' in failures[0]
    bad = [cell for cell in cells if cell.setting.row.name == 'bad']
    assert {cell.state for cell in bad} == {FAILED}
    assert describe(bad).endswith('2 failed')


@pytest.mark.slow
def test_jobs_share_the_cores_and_end_with_their_worker(load, monkeypatch):
    """Slow: each worker imports the package."""
    monkeypatch.setenv('SECONDS_OF_A_CELL', '60')
    cells = cells_of(load(), seeds=[0])
    process = subprocess.Popen([sys.executable, '-c', TWO_JOBS, *commands.PROGRAM])
    wait_for(lambda: len(ran()) == 2)
    assert {cell.state for cell in cells} == {RUNNING}
    process.kill()
    process.wait()
    wait_for(lambda: {cell.state for cell in cells} == {MISSING})
    monkeypatch.setenv('SECONDS_OF_A_CELL', '0')
    assert commands.run_cells(cells, Workers(2)) == []
    assert ran() == {cell.label: 2 for cell in cells}
    threads = {line.split()[1] for line in Path('ran.txt').read_text().splitlines()}
    assert threads == {str(max(1, cpu_count() // 2))}


def test_two_commands_never_run_the_same_cell(load, monkeypatch):
    monkeypatch.setenv('SECONDS_OF_A_CELL', '0.1')
    cells = cells_of(load())
    processes = [CONTEXT.Process(target=commands.run_cells, args=(cells, Workers())) for _ in '12']
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert ran() == Counter(cell.label for cell in cells)


def test_a_claim_ends_with_the_command_that_is_stopped(load, monkeypatch):
    monkeypatch.setenv('SECONDS_OF_A_CELL', '60')
    cell, *_ = cells_of(load())
    process = CONTEXT.Process(target=commands.run_cells, args=([cell], Workers()))
    process.start()
    wait_for(ran)
    assert cell.state == RUNNING
    # it is left to the other process
    assert commands.run_cells([cell], Workers()) == []
    os.kill(process.pid, signal.SIGTERM)
    process.join()
    wait_for(lambda: cell.state == MISSING)
    monkeypatch.setenv('SECONDS_OF_A_CELL', '0')
    commands.run_cells([cell], Workers())
    assert ran() == {cell.label: 2}


def test_the_process_of_a_cell_claims_it(load, monkeypatch):
    cell, *_ = cells_of(load())
    done = []
    monkeypatch.setattr(training, 'run', done.append)
    monkeypatch.setattr(training, 'PATIENCE', 0)
    monkeypatch.setattr(training, '_end_with_runner', lambda: None)
    monkeypatch.setattr(sys, 'argv', ['cell', 'try.yaml', 'town', 'alone', '0'])
    held = claim(cell.folder / LOCK)
    with pytest.raises(SystemExit) as info:
        training.main()
    assert info.value.code == TAKEN and not done
    held.release()
    training.main()
    assert [one.label for one in done] == [cell.label]


def test_results_of_a_changed_config_are_refused_or_dropped(load, write_result):
    cells = cells_of(load(), rows=['alone'])
    write_result('alone', 0, 50, cells[0].setting.digest)
    write_result('alone', 1, 50, 'another')
    with pytest.raises(ValueError, match=r'found 1 of other ones: town/alone/seed_1; .*--drop-'):
        unfinished(cells)
    assert unfinished(cells, drop_changed=True) == cells[1:]
    assert cells[0].result.is_file() and not cells[1].result.exists()


def test_rows_of_a_changed_config_are_named_when_tables_are_written(load, write_result, capsys):
    study = load()
    cells = {row: cells_of(study, rows=[row])[0] for row in study.rows}
    write_result('full', 0, 60, cells['full'].setting.digest)
    write_result('alone', 0, 50, 'another')
    commands.write_tables(study)
    said = capsys.readouterr().err
    assert 'of configs that have changed since: town/alone; a run with --drop-changed' in said


@pytest.mark.parametrize(('kind', 'expected'), [('BFloat16OptimWrapper', 1), ('OptimWrapper', 0)])
def test_rows_that_this_machine_is_slow_at_are_told_before_they_run(
    load, content, monkeypatch, kind, expected
):
    texts = []
    monkeypatch.setattr(precision, 'get_device', lambda: 'cpu')
    monkeypatch.setattr(precision, 'bfloat16_time', lambda: 51.5)
    monkeypatch.setattr(precision, 'print_log', lambda text, *_: texts.append((text, ran())))
    content['rows']['full']['options'] = {'optim_wrapper.type': kind}
    study = load()
    monkeypatch.setattr(commands, 'write_tables', lambda study: study.path)
    flags = ('cluster', 'status', 'dry_run', 'tables', 'drop_changed')
    off = dict.fromkeys(flags, False) | {'cluster': None}
    commands.run_study(study.path, None, None, [0], 1, **off)
    assert [before for _, before in texts] == [Counter()] * expected
    assert sum(ran().values()) == 2

import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from ktda_mmseg.studies import running
from ktda_mmseg.studies.cells import FAILED, RUNNING, cells_of
from ktda_mmseg.studies.claiming import claim, is_claimed
from ktda_mmseg.studies.commands import describe, unfinished

# what stands in for the process of a cell: it notes that it ran, and writes a result or fails
STAND_IN = """
import json, os, sys, time
from pathlib import Path
study, dataset, row, seed, lock = sys.argv[1:]
with open('ran.txt', 'a') as file:
    file.write(f'{dataset}/{row}/seed_{seed} {os.environ["OMP_NUM_THREADS"]}\\n')
time.sleep(float(os.environ.get('SECONDS_OF_A_CELL', 0)))
if row == 'bad':
    sys.exit('error: expected luck, got none')
result = Path('docs', 'results', Path(study).stem, dataset, row, f'seed_{seed}.json')
result.parent.mkdir(parents=True, exist_ok=True)
result.write_text('{"digest": ""}')
"""
CONTEXT = multiprocessing.get_context('fork')


@pytest.fixture(autouse=True)
def stand_in(tmp_path, monkeypatch):
    """Run a small script in place of the training of a cell."""
    script = tmp_path / 'stand_in.py'
    script.write_text(STAND_IN)
    monkeypatch.setattr(running, 'COMMAND', (sys.executable, '-S', str(script)))
    monkeypatch.setattr(running, 'POLL', 0.05)


def ran():
    lines = Path('ran.txt').read_text().splitlines() if Path('ran.txt').exists() else []
    return Counter(line.split()[0] for line in lines)


def wait_for(happened, seconds=300):
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.02)
    assert happened()


def test_each_cell_runs_once_and_a_failing_one_stops_no_other(load, content):
    content['rows']['bad'] = dict(title='Bad', config='config.py')
    cells = cells_of(load(), seeds=[0, 1])
    failures = running.run_cells(cells, 2)
    assert ran() == Counter(cell.label for cell in cells)
    assert [failure.split(':')[0] for failure in failures] == ['town/bad/seed_0', 'town/bad/seed_1']
    assert 'expected luck, got none (exit code 1, see' in failures[0]
    bad = [cell for cell in cells if cell.setting.row.name == 'bad']
    assert {cell.state for cell in bad} == {FAILED}
    assert describe(bad).endswith('2 failed')


def test_jobs_share_the_cores(load):
    running.run_cells(cells_of(load(), seeds=[0]), 2)
    threads = {line.split()[1] for line in Path('ran.txt').read_text().splitlines()}
    assert threads == {str(max(1, len(os.sched_getaffinity(0)) // 2))}


def test_two_processes_never_take_the_same_cell(load, monkeypatch):
    monkeypatch.setenv('SECONDS_OF_A_CELL', '0.1')
    cells = cells_of(load())
    processes = [CONTEXT.Process(target=running.run_cells, args=(cells, 2)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert ran() == Counter(cell.label for cell in cells)


def test_a_claim_ends_with_the_process_that_holds_it(load, monkeypatch):
    monkeypatch.setenv('SECONDS_OF_A_CELL', '60')
    cell, *_ = cells_of(load())
    process = CONTEXT.Process(target=running.run_cells, args=([cell], 1))
    process.start()
    wait_for(ran)
    assert cell.state == RUNNING
    # it is left to the other process
    assert running.run_cells([cell], 1) == []
    os.kill(process.pid, signal.SIGTERM)
    process.join()
    wait_for(lambda: not is_claimed(cell.folder))
    monkeypatch.setenv('SECONDS_OF_A_CELL', '0')
    running.run_cells([cell], 1)
    assert ran() == {cell.label: 2}


def test_a_claim_is_taken_once(tmp_path):
    first = claim(tmp_path / 'cell')
    assert claim(tmp_path / 'cell') is None and is_claimed(tmp_path / 'cell')
    first.close()
    assert not is_claimed(tmp_path / 'cell') and not is_claimed(tmp_path / 'other')


def test_results_of_a_changed_config_are_refused_or_dropped(load, write_result):
    cells = cells_of(load(), rows=['alone'])
    write_result('alone', 0, 50, cells[0].setting.digest)
    write_result('alone', 1, 50, 'another')
    with pytest.raises(ValueError, match=r'found 1 of other ones: town/alone/seed_1; .*--drop-'):
        unfinished(cells)
    assert unfinished(cells, drop_changed=True) == cells[1:]
    assert cells[0].result.is_file() and not cells[1].result.exists()

"""Run one cell: train, test once, measure, write the result.

The runner starts :func:`main` in a process with the arguments STUDY DATASET ROW SEED.
"""

import os
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.model import revert_sync_batchnorm
from mmengine.runner import Runner, find_latest_checkpoint

from ktda_mmseg.benchmark.flops import count_forward
from ktda_mmseg.benchmark.machine import machine, versions
from ktda_mmseg.benchmark.steps import image_size, random_batch
from ktda_mmseg.checkpoints.deploy import Deployed, load_deployed
from ktda_mmseg.checkpoints.presence import require_weights
from ktda_mmseg.datasets.requirements import SPLITS, require_data
from ktda_mmseg.engine.allocator import reduce_page_faults
from ktda_mmseg.engine.run_config import resume_from, shorten_warm_up
from ktda_mmseg.utils.claims import claim
from ktda_mmseg.utils.errors import clean_errors
from ktda_mmseg.utils.files import json_text, write_atomic
from ktda_mmseg.utils.processes import PATIENCE

from .cells import CONFIG, LOCK, PREDICTIONS, TAKEN, Cell, cells_of
from .definition import Study
from .logs import UNKEPT, Curve, read_scalars, thinned, training_log
from .scoring import ConfusionByImage

REPEATS, WARM_UP = 10, 2  # predictions to time


def run(cell: Cell) -> None:
    """Train a claimed cell, from its last checkpoint on if any, test it and write its result."""
    require_data(cell.config, SPLITS)  # of the test split too, before hours of training
    cell.begin()
    cell.config.dump(cell.folder / CONFIG)
    hub = _train(cell).message_hub
    best = cell.setting.study.checkpoint == 'best'
    checkpoint = Path(hub.get_info('best_ckpt') if best else find_latest_checkpoint(cell.folder))
    deployed = load_deployed(cell.folder / CONFIG, checkpoint, drop_auxiliary=True)
    deployed.model.to(get_device())
    curves, step = read_scalars(cell.folder), int(checkpoint.stem.rpartition('_')[2])
    seconds, _ = hub.get_scalar('train/time').data
    setting = cell.setting
    content = dict(
        digest=setting.digest,
        study=setting.study.name,
        dataset=setting.dataset,
        row=setting.row.name,
        seed=cell.seed,
        config=setting.row.config,
        options=setting.options,
        checkpoint=dict(rule=setting.study.checkpoint, iteration=step),
        classes=deployed.meta['classes'],
        test=_test(deployed, cell.folder),
        validation=_validation(curves, set(hub.log_scalars), step),
        model=cost_of(deployed),
        training=dict(
            # a resumed run goes on with the times that its checkpoint holds
            seconds=round(float(seconds.sum()), 1),
            iterations=len(seconds),
            scalars=thinned(curves),
        ),
        machine=machine(),
        versions=versions(),
    )
    # a line a key; the log first, since the result tells that both are there
    lines = ',\n'.join(f'"{key}": {json_text(value)}' for key, value in content.items())
    write_atomic(cell.result.with_suffix('.log'), training_log(cell.folder).encode())
    write_atomic(cell.result, f'{{\n{lines}\n}}\n'.encode())


def _train(cell: Cell) -> Runner:
    config = cell.config
    shorten_warm_up(config)
    resume_from(config)
    require_weights(config, 'model', 'load_from')
    runner = Runner.from_cfg(config)
    if get_device() == 'cpu':
        revert_sync_batchnorm(runner.model)
    runner.train()
    return runner


def _test(deployed: Deployed, folder: Path) -> dict[str, Any]:
    """Score the deployed model on the test split and leave its predictions as label images."""
    config = deployed.config
    labels = dict(type='IoUMetric', format_only=True, output_dir=str(folder / PREDICTIONS))
    runner = Runner(
        deployed.model,
        work_dir=str(folder / 'test'),
        test_dataloader=config.test_dataloader,
        test_evaluator=[dict(type=ConfusionByImage), labels],
        test_cfg=config.test_cfg,
        default_scope='mmseg',
        cfg=dict(model_wrapper_cfg=None),
    )
    return runner.test()


def _validation(curves: dict[str, Curve], logged: set[str], step: int) -> dict[str, float]:
    """Return the scores of a checkpoint's validation, as mmseg gives them."""
    names = {name.removeprefix('val/') for name in logged if name.startswith('val/')} - UNKEPT
    return {name: curve[step] for name, curve in curves.items() if name in names and step in curve}


@torch.inference_mode()
def cost_of(deployed: Deployed) -> dict[str, Any]:
    """Measure a model, as it stands on its device, on one image of the crop it was trained on.

    Height and width in pixels, parameters, multiplications with addition in convolutions, matrix
    products and attention, and median seconds from the raw image to its labels.
    """
    model, size = deployed.model, image_size(deployed.config)
    batch = random_batch(deployed.config, 1, size)
    macs = sum(count_forward(model, batch).values()) // 2
    seconds = []
    for _ in range(WARM_UP + REPEATS):
        start = time.perf_counter()
        # labels are copied from the device, so that it has finished
        model.test_step(batch)[0].pred_sem_seg.data.cpu()
        seconds.append(time.perf_counter() - start)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    latency = statistics.median(seconds[WARM_UP:])
    return dict(size=size, parameters=parameters, macs=macs, latency=latency)


def _end_with_runner() -> None:
    """Wait until the runner, which holds the other end of stdin, is gone, and end."""
    os.read(0, 1)
    os._exit(1)


def main() -> None:
    """Run the cell that the command line names."""
    study, dataset, row, seed = sys.argv[1:]
    threading.Thread(target=_end_with_runner, daemon=True).start()
    reduce_page_faults()
    with clean_errors():
        [cell] = cells_of(Study.load(Path(study)), [dataset], [row], [int(seed)])
        # a process of a worker that was killed just now may still be about to end
        lock = claim(cell.folder / LOCK, PATIENCE)
        if lock is None:
            sys.exit(TAKEN)
        if not cell.result.is_file():  # which another one may have just ended
            run(cell)

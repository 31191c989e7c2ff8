"""Settings of a run that come from the command line, not from the config."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.runner import find_latest_checkpoint


def set_work_dir(config: Config, work_dir: str | None) -> None:
    """Use ``work_dir``, else the config's own, else ``work_dirs/NAME_OF_CONFIG``."""
    config.work_dir = (
        work_dir or config.get('work_dir') or str(Path('work_dirs', Path(config.filename).stem))
    )


def add_hooks(config: Config, *, compiled: bool = False, channels_last: bool = False) -> None:
    """Add the hooks that the command line asks for, and those that no run should be without.

    These are :class:`FitHook`, and :class:`ExactResumeHook` where there is a ``ResumableSampler``,
    which it alone can end with an epoch: ``custom_hooks`` of a user's own replace those of a base.
    """
    sampler = config.get('train_dataloader', {}).get('sampler', {}).get('type')
    wanted = dict(
        FitHook=True,
        CompileHook=compiled,
        ChannelsLastHook=channels_last,
        ExactResumeHook=sampler == 'ResumableSampler',
    )
    hooks = config.setdefault('custom_hooks', [])
    given = {hook.get('type') for hook in hooks if isinstance(hook, dict)}
    hooks += [dict(type=name) for name, add in wanted.items() if add and name not in given]


def score_confidence(config: Config) -> dict[str, str]:
    """Return options by which a test that scores by ``IoUMetric`` also gives 'ECE'.

    They are no part of our configs, whose digests tell the results of studies apart.
    """
    metric = config.get('test_evaluator')
    scores = isinstance(metric, Mapping) and metric.get('type') == 'IoUMetric'
    if not scores or metric.get('format_only'):
        return {}
    return {
        'test_evaluator.type': 'ConfidenceIoUMetric',
        'default_hooks.confidence.type': 'ConfidenceHook',
    }


def leave_out_validation(config: Config) -> None:
    """Train without validation, and keep the last checkpoint, where the data have no val split.

    ``ktda prepare`` writes None for the data set of a split that is not there.
    """
    loader = config.get('val_dataloader')
    if not loader or loader.get('dataset', loader) is not None:
        return
    config.val_dataloader = config.val_cfg = config.val_evaluator = None
    for hook in filter(None, config.get('default_hooks', {}).values()):
        hook.pop('save_best', None)
    print_log('No val split: training without validation, the last checkpoint is kept.')


def resume_from(config: Config, checkpoint: str | None = None) -> None:
    """Let a run go on from ``checkpoint``, else from the latest one in its work dir.

    Where there is none, the run starts fresh and says so.
    """
    if checkpoint is None and Path(config.work_dir, 'last_checkpoint').is_file():
        checkpoint = find_latest_checkpoint(config.work_dir)
    if checkpoint is None:
        print_log(f'Nothing to resume: no checkpoint in {config.work_dir}. Starting fresh.')
        return
    # mmengine prefers `load_from` to the latest checkpoint, so it is replaced
    config.resume, config.load_from = True, checkpoint


def shorten_warm_up(config: Config) -> None:
    """Let a warm-up end halfway where training would end before it does.

    That is where a schedule that reaches to the end of training would begin behind it, which
    mmengine refuses; a short run to try a config is no reason to write another schedule.
    """
    given = config.get('param_scheduler') or []
    schedulers: list[Any] = [given] if isinstance(given, Mapping) else given
    loop = config.get('train_cfg') or {}
    shortened: dict[int, int] = {}
    for scheduler in schedulers:
        length = loop.get('max_epochs' if scheduler.get('by_epoch', True) else 'max_iters')
        begin = scheduler.get('begin', 0)
        if length and begin >= length and 'end' not in scheduler:
            scheduler['begin'] = shortened[begin] = length // 2
    for scheduler in [s for s in schedulers if s.get('end') in shortened]:
        scheduler['end'] = shortened[scheduler['end']]
        if scheduler['end'] == 0:
            schedulers.remove(scheduler)
    for begin, now in shortened.items():
        print_log(f'Training ends before its warm-up of {begin} steps: it takes {now} of them.')

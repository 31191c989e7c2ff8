"""A cell, that is one training run of a study: its config, its folders and how far it is."""

import hashlib
import inspect
import json
import os.path as osp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from ktda_mmseg.utils.claims import claim
from ktda_mmseg.utils.files import json_text, write_json

from .definition import Options, Row, Study

WORK, RESULTS = Path('work_dirs', 'studies'), Path('docs', 'results')
IDENTITY, ERROR, LOCK = 'identity.json', 'error.txt', 'lock'
TAKEN = 75  # exit code of a cell that another process has
# in a work folder: what was trained with, and label images of the test split
CONFIG, PREDICTIONS = 'config.py', 'predictions'
STATES = ('done', 'running', 'changed', 'failed', 'begun', 'missing')
DONE, RUNNING, CHANGED, FAILED, BEGUN, MISSING = STATES
# arguments of mmengine's runner that change nothing in what is learned
WITHOUT_EFFECT = (
    *('cfg', 'experiment_name', 'launcher', 'log_level', 'log_processor'),
    *('randomness', 'resume', 'visualizer', 'work_dir'),
)
LOADING = ('num_workers', 'persistent_workers', 'pin_memory', 'prefetch_factor')


@dataclass(frozen=True)
class Setting:
    """A row on a data set, of which each seed is a cell."""

    study: Study
    dataset: str
    row: Row

    @property
    def options(self) -> list[Options]:
        """What is changed in the row's config, by study, data set and row."""
        return [self.study.options, self.study.datasets[self.dataset], self.row.options]

    @cached_property
    def config(self) -> Config:
        """The row's config with the options of study, data set and row.

        ValueError if options do not fit the config, it picks anything on the test split, or it is
        not trained by iterations, which a study counts.
        """
        config = Config.fromfile(self.row.config)
        for options in self.options:
            try:
                config.merge_from_dict(options)
            except (KeyError, TypeError) as error:
                raise ValueError(
                    f'{self.study.path}: expected options that fit {self.row.config}, got '
                    f'{options}: {error.args[0]}'
                ) from None
        chosen = selects_on_test(config)
        if chosen:
            raise ValueError(
                f'{self.row.config}: expected nothing to be picked by scores of the test split of '
                f'{self.dataset}, got {", ".join(chosen)}'
            )
        if 'max_iters' not in config.train_cfg:
            raise ValueError(
                f'{self.row.config}: expected train_cfg.max_iters, since studies count iterations, '
                f'got {dict(config.train_cfg)}'
            )
        return config

    @cached_property
    def digest(self) -> str:
        """Hash of all that decides what is learned and tested, but for the seed.

        That is what mmengine's runner is given, without names, logging and the workers that load
        the data, and the rule that picks the checkpoint.
        """
        taken = set(inspect.signature(Runner.__init__).parameters) - set(WITHOUT_EFFECT)
        content = {key: value for key, value in self.config.to_dict().items() if key in taken}
        for key, value in content.items():
            if key.endswith('_dataloader') and value:
                content[key] = {k: v for k, v in value.items() if k not in LOADING}
        randomness = dict(self.config.get('randomness') or {}, seed=None)
        whole = [content, randomness, self.study.checkpoint]
        return hashlib.sha256(json_text(whole, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class Cell:
    """One training run of a study: a setting with the seed of its random numbers."""

    setting: Setting
    seed: int

    @property
    def label(self) -> str:
        """Data set, row and seed."""
        return f'{self.setting.dataset}/{self.setting.row.name}/seed_{self.seed}'

    @property
    def folder(self) -> Path:
        """Its work folder."""
        return WORK / self.setting.study.name / self.label

    @property
    def result(self) -> Path:
        """File of its result, which is there when it is done."""
        return RESULTS / self.setting.study.name / f'{self.label}.json'

    @property
    def config(self) -> Config:
        """What it trains with."""
        config = self.setting.config.copy()
        config.randomness = dict(config.get('randomness') or {}, seed=self.seed)
        config.work_dir = str(self.folder)
        return config

    @property
    def steps(self) -> int:
        """Iterations that it trains."""
        return self.setting.config.train_cfg.max_iters

    @property
    def steps_done(self) -> int:
        """Iterations up to its latest line of log, all where its result is there."""
        if self.result.is_file():
            return self.steps
        logs = sorted(self.folder.glob('*/vis_data/scalars.json'))
        # the last line may be half-written
        lines = logs[-1].read_text().split('\n')[:-1] if logs else []
        return json.loads(lines[-1]).get('step', 0) if lines else 0

    @property
    def state(self) -> str:
        """One of ``STATES``; a changed cell was trained with another config."""
        for path in (self.result, self.folder / IDENTITY):
            if path.is_file() and json.loads(path.read_bytes())['digest'] != self.setting.digest:
                return CHANGED
        if self.result.is_file():
            return DONE
        if (self.folder / LOCK).is_file() and claim(self.folder / LOCK) is None:
            return RUNNING
        if (self.folder / ERROR).is_file():
            return FAILED
        return BEGUN if (self.folder / 'last_checkpoint').is_file() else MISSING

    def begin(self) -> None:
        """Note in the work folder which config it is trained with."""
        (self.folder / ERROR).unlink(missing_ok=True)
        write_json(self.folder / IDENTITY, dict(digest=self.setting.digest))


def cells_of(
    study: Study,
    datasets: Sequence[str] | None = None,
    rows: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
) -> list[Cell]:
    """List the cells of a study, seed by seed, so that all rows soon have their first.

    With names, only of these data sets, rows and seeds; ValueError if the study has no such.
    """
    chosen = [
        (dataset, row)
        for dataset in _chosen(study, 'datasets', list(study.datasets), datasets)
        for row in _chosen(study, 'rows', list(study.rows), rows)
    ]
    settings = [Setting(study, dataset, study.rows[row]) for dataset, row in chosen]
    some = _chosen(study, 'seeds', study.seeds, seeds)
    return [Cell(setting, seed) for seed in some for setting in settings]


def _chosen(study: Study, what: str, known: Sequence, wanted: Sequence | None) -> Iterator:
    for name in wanted or ():
        if name not in known:
            raise ValueError(
                f'{study.path}: {what}: expected some of {", ".join(map(str, known))}, got {name}'
            )
    return (name for name in known if wanted is None or name in wanted)


def selects_on_test(config: Config) -> list[str]:
    """List what picks weights, or learning rates, by validation scores of test images.

    That is nothing where validation reads none of the folders of the test split.
    """
    validation, test = (
        set(_sources((config.get(f'{split}_dataloader') or {}).get('dataset')))
        for split in ('val', 'test')
    )
    return list(_selectors(config)) if validation & test else []


def _sources(dataset: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Name the folder of images and the list of names of all data sets within a data set."""
    if isinstance(dataset, (list, tuple)):
        for part in dataset:
            yield from _sources(part)
    elif isinstance(dataset, dict):
        prefix = dataset.get('data_prefix', {})
        if 'img_path' in prefix:
            folder = osp.normpath(osp.join(dataset.get('data_root', ''), prefix['img_path']))
            yield folder, dataset.get('ann_file', '')
        yield from _sources(dataset.get('dataset'))
        yield from _sources(dataset.get('datasets'))


def _selectors(config: Config) -> Iterator[str]:
    hooks = [*config.get('default_hooks', {}).values(), *(config.get('custom_hooks') or [])]
    for hook in filter(None, hooks):
        if hook.get('save_best'):
            yield f'{hook["type"]} with save_best'
        if hook['type'] == 'EarlyStoppingHook':
            yield hook['type']
    schedulers = config.get('param_scheduler') or []
    for scheduler in [schedulers] if isinstance(schedulers, dict) else schedulers:
        if scheduler['type'].startswith('ReduceOnPlateau'):
            yield scheduler['type']

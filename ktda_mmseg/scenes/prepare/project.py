"""A config of a user's own: written once, from images and labels or from what was prepared."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ktda_mmseg.checkpoints.presence import missing_weights
from ktda_mmseg.utils.files import json_text, write_atomic
from ktda_mmseg.utils.pipelines import steps_in

from .fragment import CONFIG, MULTI_BAND, NAME
from .label_file import read_label_map
from .rasters import prepare
from .splits import UNLABELLED
from .summary import IGNORE

BASE = 'ktda/best.py'
HEAD = '# Written by `ktda init`, to be used in the folder that {folder} is seen from.\n'
TRAINING = "train_dataloader = dict(dataset=_base_.prepared['train'])\n"
# the maps of a teacher are of these images
PIPELINE = """\
pipeline = [
    dict(step, cache={cache!r}) if step['type'] == 'LoadTeacherMaps' else step
    for step in _base_.train_dataloader.dataset.pipeline
]
"""
WITH_PIPELINE = """\
train_dataloader = dict(dataset=dict(_base_.prepared['train'], pipeline=pipeline))
"""
WITH_GUESSED = """\
labelled = dict(_base_.train_dataloader.dataset, **_base_.prepared['train']{pipeline})
guessed = dict(
    labelled,
    data_prefix=dict(img_path='img_dir/{images}', seg_map_path={maps!r}),
    seg_map_suffix='.tif',
)
both = dict(type='ConcatDataset', _delete_=True, datasets=[labelled, guessed])
train_dataloader = dict(dataset=both)
"""
SURE = 0.7  # of the labels that are suggested for images without any


def start_project(
    config: Path,
    images: Path,
    labels: Path,
    classes: Path | Sequence[str],
    out: Path,
    base: str | None = None,
    **options: Any,  # noqa: ANN401
) -> str:
    """Prepare images and labels, and write the config that trains on them.

    Args:
        config (Path): File to write; one that is there is refused.
        images (Path): See :func:`.rasters.prepare`.
        labels (Path): Label rasters, likewise.
        classes (Path | Sequence[str]): Names of the classes, whose labels are 0, 1 and so on, with
            255 for what is to be ignored; or a YAML file, see :func:`.rasters.prepare`. Of names
            such a file, CONFIG_classes.yaml, is written, and taken if it is there.
        out (Path): Folder for the prepared data.
        base (str | None): See :func:`write_config`.
        **options (Any): Further arguments of :func:`.rasters.prepare`.

    Returns:
        str: What was prepared and how to go on.

    Raises:
        OSError: If ``config`` is there, or as :func:`.rasters.prepare` does.
        ValueError: If the classes of a file that is there have other names, or as
            :func:`.rasters.prepare` does.
    """
    _require_new(config)
    if not isinstance(classes, Path):
        classes = _class_file(config.with_name(f'{config.stem}_classes.yaml'), classes)
    summary = prepare(out, images, labels, classes, **options)
    summary.hints = [write_config(config, out, base)]
    return str(summary)


def write_config(
    config: Path, data: Path, base: str | None = None, guessed: Path | None = None
) -> str:
    """Write the config that trains on a folder of prepared rasters.

    Args:
        config (Path): File to write; one that is there is refused.
        data (Path): Folder that :func:`.rasters.prepare` has made.
        base (str | None): Config of this package to inherit; None for ``ktda/best.py``, or for
            the small model that takes any bands where the images are not RGB of 8 bits.
            Default: None.
        guessed (Path | None): Folder of a trained model's maps of the images without labels, which
            are labels then; None to train on the labelled ones alone. Default: None.

    Returns:
        str: How to go on.

    Raises:
        OSError: If ``config`` is there, or there are no prepared data, no maps of images that have
            no labels, or no such base.
        ValueError: If it is no ``.py``, or the base is no whole config.
    """
    _require_new(config)
    if not (data / NAME).is_file():
        raise FileNotFoundError(f'{data}: expected {NAME}, which `ktda prepare rasters` writes')
    without_labels = data / 'img_dir' / UNLABELLED
    if guessed is not None:
        _require_maps(guessed, without_labels)
    prepared = Config.fromfile(data / NAME)
    multi_band = 'prepared_model' in prepared
    bases = MULTI_BAND if base is None and multi_band else [f'ktda_mmseg::{base or BASE}']
    fragment = Path(os.path.relpath(data / NAME, config.parent)).as_posix()
    text = CONFIG.format(
        bases=[*bases, fragment],
        model='_base_.prepared_model, ' if multi_band else '',
        count=len(prepared.prepared['train']['metainfo']['classes']),
    )
    inherited = Config.fromstring(f'_base_ = {bases}', '.py')
    trained_on = inherited.get('train_dataloader', {}).get('dataset', {})
    if 'model' not in inherited or 'pipeline' not in trained_on:  # as of several data sets
        raise ValueError(
            f'expected a base with model and train_dataloader, of one data set, got {bases[0]}'
        )
    loading = steps_in(trained_on.pipeline)
    cached = any(step['type'] == 'LoadTeacherMaps' for step in loading)
    text = text.replace(TRAINING, _training(data, cached, guessed))
    write_atomic(config, (HEAD.format(folder=data.as_posix()) + text).encode())
    steps = [
        f'ktda check {config}',
        *(missing.command for missing in missing_weights(Config.fromfile(config), 'model')),
        *([f'ktda cache {config}'] if cached else []),
        f'ktda train {config}',
    ]
    if guessed is None and without_labels.is_dir():
        maps, again = data / 'guessed', config.with_stem(f'{config.stem}_again')
        same = f' --base {base}' if base else ''
        steps += [
            f'ktda map {config} CHECKPOINT {without_labels} --out {maps} --min-confidence {SURE}',
            f'ktda init {again} --data {data} --guessed {maps}{same}',
        ]
    return '\n'.join([f'{config} inherits {bases[0]}; next:', *(f'  {step}' for step in steps)])


def _training(data: Path, cached: bool, guessed: Path | None) -> str:
    """Return the lines on what is trained on."""
    text = WITH_PIPELINE if cached else TRAINING
    if guessed is not None:
        text = WITH_GUESSED.format(
            pipeline=', pipeline=pipeline' if cached else '',
            images=UNLABELLED,
            maps=Path(os.path.relpath(guessed, data)).as_posix(),
        )
    pipeline = PIPELINE.format(cache=(data / 'teacher_cache').as_posix()) if cached else ''
    return pipeline + text


def _require_maps(guessed: Path, images: Path) -> None:
    if not images.is_dir():
        raise FileNotFoundError(
            f'{images}: expected images without labels, which `ktda prepare rasters` makes of '
            'those that --unlabelled names'
        )
    if not any(guessed.glob('*.tif')):
        raise FileNotFoundError(
            f'{guessed}: expected maps, found none; to make them: `ktda map CONFIG CHECKPOINT '
            f'{images} --out {guessed} --min-confidence {SURE}`'
        )


def _class_file(path: Path, names: Sequence[str]) -> Path:
    """Write what labels mean where they are class indices; keep a file that has been edited."""
    if path.is_file():
        found = read_label_map(path).classes
        if found != tuple(names):
            raise ValueError(
                f'expected the classes of {path}, {list(found)}, got {list(names)}; remove the '
                'file, or name it as --classes'
            )
        return path
    lines = ["# What the labels' values mean: edit it where they are others.", 'classes:']
    lines += [f'  {json_text(name)}: {{labels: [{index}]}}' for index, name in enumerate(names)]
    lines += [f'ignore: [{IGNORE}]']
    write_atomic(path, ('\n'.join(lines) + '\n').encode())
    return path


def _require_new(config: Path) -> None:
    if config.suffix != '.py':
        raise ValueError(f'expected a config ending in .py, got {config}')
    if config.exists():
        raise FileExistsError(f'{config} is there and is kept: remove it, or name another')

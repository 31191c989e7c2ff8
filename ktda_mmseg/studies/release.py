"""A row of a study as others use it: deployable weights, their config, and a card of both."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from mmengine.config import Config

from ktda_mmseg.checkpoints.deploy import export_deploy
from ktda_mmseg.checkpoints.reading import read_checkpoint
from ktda_mmseg.scenes.download.download import SETS
from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.utils.files import hash_of, write_atomic

from .cells import CONFIG, Cell, cells_of
from .definition import Study

CARD = 'metafile.yml'
SCORES = ('mIoU', 'OA', 'mF1')


def publish(study: Path, row: str, out: Path) -> Path:
    """Write the model of a row's median seed, kernels in half precision, with its config and card.

    The card has the form of mmseg's metafiles. It says what the model takes and gives, how it was
    made, its scores by seed, and the SHA-256 of its weights.

    Args:
        study (Path): Study file; its results and work folders are looked for where studies have
            theirs, from the working directory.
        row (str): Name of the row.
        out (Path): Folder to write to, such as ``model_zoo/NAME``.

    Returns:
        Path: The card, ``out/metafile.yml``.

    Raises:
        FileNotFoundError: If there is no study file, or its checkpoint is gone.
        ValueError: If the study has no such row, several data sets, or no result of the row.
    """
    definition = Study.load(study)
    if len(definition.datasets) > 1:
        raise ValueError(
            f'{study}: expected a study of one data set, got {", ".join(definition.datasets)}'
        )
    done = [
        (json.loads(cell.result.read_bytes()), cell)
        for cell in cells_of(definition, rows=[row])
        if cell.result.is_file()
    ]
    if not done:
        raise ValueError(f'{study}: expected a result of row {row}, found none')
    scores = [result['test']['mIoU'] for result, _ in done]
    result, cell = done[scores.index(statistics.median_low(scores))]
    iteration = result['checkpoint']['iteration']
    checkpoint = next(cell.folder.glob(f'*iter_{iteration}.pth'), None)
    if checkpoint is None:
        raise FileNotFoundError(
            f'{cell.folder}: expected the checkpoint of iteration {iteration}, found none'
        )
    weights = out / f'{out.name}.pth'
    out.mkdir(parents=True, exist_ok=True)
    export_deploy(cell.folder / CONFIG, checkpoint, weights, drop_auxiliary=True, half=True)
    card = _card(cell, result, scores, weights)
    content = yaml.safe_dump({'Models': [card]}, sort_keys=False, width=100, allow_unicode=True)
    write_atomic(out / CARD, content.encode())
    return out / CARD


def _card(
    cell: Cell, result: dict[str, Any], scores: Sequence[float], weights: Path
) -> dict[str, Any]:
    """Describe a model in the keys of mmseg's metafiles, and a few more under Metadata."""
    content = read_checkpoint(weights)
    config = weights.with_suffix('.py')
    model = ModelCard.of(Config.fromfile(config), content['meta']['dataset_meta'])
    name = cell.setting.dataset
    published = SETS.get(name)
    return {
        'Name': weights.stem,
        'In Collection': 'KTDA',
        'Config': config.as_posix(),
        'Weights': weights.as_posix(),
        'Metadata': {
            'Training Data': published.title if published else name,
            'Licence of Data': published.licence if published else None,
            'Recipe': result['config'],
            'Study': f'{result["study"]}: {cell.setting.row.title}',
            'Seed': cell.seed,
            'mIoU of all Seeds': [round(score, 2) for score in scores],
            'Iterations': result['checkpoint']['iteration'],
            'Classes': list(model.classes),
            'Bands': list(model.bands),
            'Pixel Type': model.dtype,
            'Window': list(model.window),
            'Ground Size': list(model.ground_size) if model.ground_size else None,
            'Parameters': result['model']['parameters'],
            'Size': weights.stat().st_size,
            'SHA-256': hash_of(weights),
            'Date': result['machine']['date'],
            'Versions': result['versions'],
        },
        'Results': [
            {
                'Task': 'Semantic Segmentation',
                'Dataset': f'{name}, test split',
                'Metrics': {key: round(result['test'][key], 2) for key in SCORES},
            }
        ],
    }

"""The cloud masks of ukis-csmask, scored on our tiles as a study scores its rows."""

import json
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmseg.datasets.transforms import LoadAnnotations, PackSegInputs

from ktda_mmseg.datasets import L8BiomeDataset
from ktda_mmseg.datasets.loading import IgnoreNodata, LoadRasterFromFile
from ktda_mmseg.utils.extras import needed_for
from ktda_mmseg.utils.tables import markdown_table

from .scoring import ConfusionByImage, Scores, scores_of
from .summary import estimate

# Ours are clear, shadow, thin cloud and cloud; others tell no thin clouds.
CLASSES = ('Clear', 'Cloud Shadow', 'Cloud')
MERGED = np.full(256, 255, np.uint8)
MERGED[:4] = [0, 1, 2, 2]
BANDS = ['red', 'green', 'blue', 'nir', 'swir16', 'swir22']  # of the tiles, by ukis-csmask's names
FROM_CSMASK = np.array([0, 2, 1], np.uint8)  # it has background, cloud and shadow


def merged(matrix: np.ndarray) -> np.ndarray:
    """Count thin clouds as clouds in pixel counts ``(4, 4)`` by the classes of L8-Biome."""
    to_merged = np.eye(len(CLASSES), dtype=int)[MERGED[:4]]
    return to_merged.T @ matrix @ to_merged


def score_csmask(data: Path, splits: Iterable[str] = ('test', 'val')) -> dict[str, Any]:
    """Score the map that ukis-csmask makes of each Landsat tile, as the package makes it.

    Args:
        data (Path): What ``prepare_dataset.py l8_biome --bands all`` made.
        splits (Iterable[str]): Which of it.

    Returns:
        dict[str, Any]: ``network``, ``versions``, ``classes`` and ``splits``: for each the scores
        over ``all`` tiles and over those ``with_shadow`` in their masks, if any.

    Raises:
        FileNotFoundError: If there are no such tiles.
        ImportError: If ukis-csmask is not installed.
    """
    with needed_for('scoring ukis-csmask', extra='csmask'):
        from ukis_csmask.mask import CSmask
    content: dict[str, Any] = {
        'network': 'ukis-csmask, six bands, L1C',
        'versions': {name: version(name) for name in ('ukis-csmask', 'onnxruntime')},
        'classes': CLASSES,
        'splits': {},
    }
    for split in splits:
        metric = ConfusionByImage()
        metric.dataset_meta = {'classes': CLASSES}
        for image, sample in _tiles(data, split):
            found = CSmask(img=image, band_order=BANDS, product_level='l1c').csm[..., 0]
            sample['gt_sem_seg'] = dict(data=torch.from_numpy(MERGED[sample['gt_sem_seg']]))
            sample['pred_sem_seg'] = dict(data=torch.from_numpy(FROM_CSMASK[found]))
            metric.process({}, [sample])
        shadow = CLASSES.index('Cloud Shadow')
        shadowy = [matrix for matrix in metric.results if matrix[shadow].any()]
        content['splits'][split] = scores = {'all': metric.compute_metrics(metric.results)}
        if shadowy:
            scores['with_shadow'] = metric.compute_metrics(shadowy)
    return content


def merged_rows(results: Path) -> dict[str, list[Scores]]:
    """Score the rows of a study of L8-Biome over the merged classes.

    Args:
        results (Path): Folder of one data set among a study's results.

    Returns:
        dict[str, list[Scores]]: Scores on the test split, seed by seed, by row.

    Raises:
        FileNotFoundError: If it holds no results.
    """
    files = sorted(results.glob('*/seed_*.json'))
    if not files:
        raise FileNotFoundError(f'{results}: expected ROW/seed_N.json of a study, found none')
    rows: dict[str, list[Scores]] = {}
    for file in files:
        matrix = np.array(json.loads(file.read_text())['test']['matrix'])
        rows.setdefault(file.parent.name, []).append(scores_of(merged(matrix)))
    return rows


def table(content: dict[str, Any], rows: dict[str, list[Scores]]) -> str:
    """Write scores as Markdown.

    Args:
        content (dict[str, Any]): See :func:`score_csmask`.
        rows (dict[str, list[Scores]]): See :func:`merged_rows`.

    Returns:
        str: A line for each split, whole and where there is shadow, and for each row.
    """
    lines = [['network', 'tiles', 'mIoU', 'OA', *CLASSES]]
    for split, parts in content['splits'].items():
        for part, scores in parts.items():
            values = (scores['mIoU'], scores['OA'], *scores['IoU'])
            tiles = f'{split}, {part.replace("_", " ")}'
            lines.append([content['network'], tiles, *(f'{value:.2f}' for value in values)])
    for row, seeds in rows.items():
        columns = zip(*((one.mIoU, one.OA, *one.IoU) for one in seeds), strict=True)
        lines.append([row, 'test, all', *(estimate(column).text() for column in columns)])
    return markdown_table(lines)


def _tiles(data: Path, split: str) -> Iterator[tuple[np.ndarray, dict[str, Any]]]:
    """Load the tiles of a split, six bands of reflectance, and their labels."""
    dataset = L8BiomeDataset(
        data_root=str(data),
        img_suffix='.tif',
        data_prefix=dict(img_path=f'img_dir/{split}', seg_map_path=f'ann_dir/{split}'),
        pipeline=[
            dict(type=LoadRasterFromFile, bands=[1, 2, 3, 4, 5, 6], scale=1e-4),
            dict(type=LoadAnnotations),
            dict(type=IgnoreNodata),
            dict(type=PackSegInputs),
        ],
    )
    for index in range(len(dataset)):
        packed = dataset[index]
        sample = packed['data_samples']
        image = np.ascontiguousarray(packed['inputs'].permute(1, 2, 0).numpy())
        labels = sample.gt_sem_seg.data.numpy()
        yield image, dict(gt_sem_seg=labels)

"""What the data sets of a config must be for its model to learn from them or be scored on them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from ktda_mmseg.utils.class_count import require_class_count
from ktda_mmseg.utils.pipelines import datasets_in, steps_in

SPLITS = ('train', 'val', 'test')
UNLABELLED = '; for a map of images without labels: `ktda map CONFIG CHECKPOINT {}`'


def require_data(config: Config, splits: Sequence[str]) -> None:
    """Refuse data that do not fit the model, or lack the masks that a split needs: ValueError.

    So are images without masks refused where no teacher explains them.

    The data sets of the splits ('train', 'val', 'test') are built without looking at their files,
    but for the folder of masks. One that cannot be built so is left to whoever builds it whole.
    """
    has_teacher = bool((config.get('model') or {}).get('teacher'))
    for split in splits:
        key = f'{split}_dataloader'
        for cfg in datasets_in((config.get(key) or {}).get('dataset')):
            try:
                # not initialised: a data set reads its folders only then
                dataset = DATASETS.build({**cfg, 'pipeline': [], 'lazy_init': True})
                classes = dataset.metainfo.get('classes') or ()
            except Exception:  # a data set of whatever class
                continue
            require_class_count(config.get('model') or {}, classes)
            if getattr(dataset, 'unlabelled', ()) and not (split == 'train' and has_teacher):
                raise ValueError(
                    f'{key}.dataset.unlabelled: expected a training split and a model.teacher, '
                    'which alone can explain images without labels, got '
                    + ('no teacher' if split == 'train' else f'split {split}')
                )
            if isinstance(dataset, BaseSegDataset) and _reads_masks(cfg, config, split):
                _require_masks(dataset, split, f'{key}.dataset')


def _reads_masks(cfg: dict[str, Any], config: Config, split: str) -> bool:
    """Whether labels are loaded, or scores computed from them."""
    steps = steps_in(cfg.get('pipeline') or [])
    if any(str(step['type']).endswith('LoadAnnotations') for step in steps):
        return True
    metrics = config.get(f'{split}_evaluator') or []
    metrics = metrics if isinstance(metrics, Sequence) else [metrics]
    return any(m['type'] == 'IoUMetric' and not m.get('format_only') for m in metrics)


def _require_masks(dataset: BaseSegDataset, split: str, key: str) -> None:
    folder = dataset.data_prefix.get('seg_map_path')
    found = f'the folder {folder!r} that is not there' if folder else 'none'
    local = (dataset.backend_args or {}).get('backend', 'local') == 'local'
    if not folder or (split == 'test' and local and not Path(folder).is_dir()):
        images = dataset.data_prefix.get('img_path')
        hint = UNLABELLED.format(images) if split == 'test' else ''
        raise ValueError(f'{key}: expected masks, by data_prefix.seg_map_path, found {found}{hint}')

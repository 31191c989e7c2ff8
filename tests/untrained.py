"""Checkpoints of networks that nobody trained, for tests of what is done with a trained one."""

from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS

from ktda_mmseg.checkpoints.deploy import deploy_config


def save_untrained(config: Path | Config, path: Path, classes: Sequence[str]) -> None:
    """Save random weights, the same every time, of a config's network as it is deployed."""
    if isinstance(config, Path):
        config = Config.fromfile(config)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(deploy_config(config, drop_auxiliary=True).model)
    palette = [[40 * label] * 3 for label in range(len(classes))]
    meta = {'dataset_meta': {'classes': tuple(classes), 'palette': palette}}
    torch.save({'state_dict': model.state_dict(), 'meta': meta}, path)

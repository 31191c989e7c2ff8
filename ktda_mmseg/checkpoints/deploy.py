"""The model that is deployed: a plain EncoderDecoder, without teacher and losses of transfer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.models import BaseSegmentor
from mmseg.registry import DATASETS, MODELS
from torch import Tensor

from ktda_mmseg.utils.class_count import require_class_count
from ktda_mmseg.utils.files import atomic
from ktda_mmseg.utils.pipelines import datasets_in

from .reading import read_checkpoint, state_dict_of
from .renaming import Conversion, check_weights
from .temperature import TEMPERATURE, temperature_of
from .writing import check_suffix, write_checkpoint

# of a KTDASegmentor, what only transfer needs
TRANSFER = ('teacher', 'transfer_losses', 'standardise_teacher')
_AUXILIARY = ('decode_head.auxiliary.', 'auxiliary_head.')
_TRAINING = (
    'train_dataloader',
    'train_cfg',
    'optim_wrapper',
    'optimizer',
    'param_scheduler',
    'custom_hooks',
    'auto_scale_lr',
    'load_from',
    'resume',
)


class Deployed(NamedTuple):
    """A trained model as it is deployed."""

    config: Config
    model: BaseSegmentor
    meta: dict[str, Any]
    dropped: tuple[str, ...]
    temperature: float  # what logits are divided by before they become probabilities


def export_deploy(
    config: str | Path,
    checkpoint: str | Path,
    out: str | Path,
    drop_auxiliary: bool = False,
    allow_pickle: bool = False,
    half: bool = False,
) -> Conversion:
    """Write a trained model as a plain ``EncoderDecoder``: a checkpoint, and its config beside it.

    The config (``out`` with the suffix ``.py``) stands alone, and tests and predicts with any tool
    of mmseg; what only training needs is left out of both. Both files appear once the checkpoint,
    read back, loads strictly into the model that the config builds.

    Args:
        config (str | Path): Config that the model was trained with.
        checkpoint (str | Path): What training saved.
        out (str | Path): ``.pth``, ``.pt`` or ``.safetensors`` file to write.
        drop_auxiliary (bool): Leave out the auxiliary decoders, which predict nothing.
        allow_pickle (bool): See :func:`ktda_mmseg.checkpoints.read_checkpoint`.
        half (bool): Store kernels and matrices in half precision, which takes half the space; they
            are loaded in that of the model. Default: False.

    Returns:
        What was written and what was left out.

    Raises:
        FileNotFoundError: Config or checkpoint are not there.
        ValueError: The checkpoint does not fit the config, or ``half`` cannot hold its weights.
    """
    out = Path(out)
    check_suffix(out)
    deployed = load_deployed(config, checkpoint, drop_auxiliary, allow_pickle)
    weights = deployed.model.state_dict()
    if half:
        weights = {key: _halved(value, key) for key, value in weights.items()}
    meta: dict[str, Any] = {'dataset_meta': deployed.meta}
    if deployed.temperature != 1:
        meta[TEMPERATURE] = deployed.temperature
    with atomic(out) as partial, atomic(out.with_suffix('.py')) as partial_config:
        deployed.config.dump(partial_config)
        write_checkpoint({'meta': meta, 'state_dict': weights}, partial)
        deployed.model.load_state_dict(state_dict_of(read_checkpoint(partial), out), strict=True)
    return Conversion('KTDASegmentor', weights, deployed.dropped)


def _halved(value: Tensor, key: str) -> Tensor:
    """Return kernels and matrices in half precision; norms, whose range is wide, as they are."""
    if value.ndim < 2 or not value.is_floating_point():
        return value
    half = value.half()
    if not half.isfinite().all():
        raise ValueError(f'{key}: expected weights below 65504, got {value.abs().max():.3g}')
    return half


def load_deployed(
    config: str | Path,
    checkpoint: str | Path,
    drop_auxiliary: bool = False,
    allow_pickle: bool = False,
) -> Deployed:
    """Load a trained model, on the CPU, as it is deployed; ``ValueError`` where it does not fit."""
    cfg = deploy_config(Config.fromfile(config), drop_auxiliary)
    content = read_checkpoint(checkpoint, allow_pickle=allow_pickle)
    trained = state_dict_of(content, checkpoint)
    weights = {
        key: value
        for key, value in trained.items()
        if not (drop_auxiliary and key.startswith(_AUXILIARY))
    }
    meta = _dataset_meta(content.get('meta') or {}, cfg)
    require_class_count(cfg.model, meta.get('classes', ()))
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg.model)
    check_weights(weights, model, checkpoint)
    model.load_state_dict(weights, strict=True)
    dropped = tuple(key for key in trained if key not in weights)
    return Deployed(cfg, model, meta, dropped, temperature_of(content, checkpoint))


def deploy_config(cfg: Config, drop_auxiliary: bool = False) -> Config:
    """Turn a config for training into one for the deployed model."""
    content: dict[str, Any] = cfg.to_dict()
    content = {key: value for key, value in content.items() if key not in _TRAINING}
    model = without_weights(content['model']) | dict(type='EncoderDecoder')
    for key in TRANSFER:
        model.pop(key, None)
    if drop_auxiliary:
        model.pop('auxiliary_head', None)
        if 'auxiliary' in model['decode_head']:
            model['decode_head']['auxiliary'] = None
    content['model'] = model
    return Config(content)


def without_weights(node: Any) -> Any:  # noqa: ANN401
    """Copy a model's config, or a part, so that nothing in it looks for weights of its own."""
    if isinstance(node, dict):
        kind = node.get('type')
        kind = MODELS.get(kind) if isinstance(kind, str) else kind
        copy = {key: without_weights(value) for key, value in node.items() if key != 'init_cfg'}
        return copy | getattr(kind, 'WITHOUT_WEIGHTS', {})
    if isinstance(node, (list, tuple)):
        return type(node)(without_weights(value) for value in node)
    return node


def _dataset_meta(meta: dict[str, Any], cfg: Config) -> dict[str, Any]:
    """Return classes and palette as the checkpoint has them, or as the data set defines them."""
    found = meta.get('dataset_meta')
    if found is None and 'test_dataloader' in cfg:
        tested = next(datasets_in(cfg.test_dataloader.dataset))
        found = getattr(DATASETS.get(tested.type), 'METAINFO', None)
    found = found or {}
    return {key: found[key] for key in ('classes', 'palette') if key in found}

"""What a model must say of the number of bands of its images, and what to write where it does not.

Three keys of ``model`` depend on it: ``data_preprocessor`` (its mean and std), ``in_channels`` of
``backbone`` and ``bands`` of ``teacher``.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from mmseg.registry import MODELS

RGB = 3
WIDTHS = ('in_channels', 'in_chans')
# the value that pictures of 8 bits show as white, which networks of such pictures expect
WHITE = 255.0


def bands_fault(model: Mapping[str, Any], bands: int) -> str | None:
    """Say in one sentence why a model cannot take images of a number of bands."""
    means = len((model.get('data_preprocessor') or {}).get('mean') or ()) or None
    stem = input_channels(model.get('backbone') or {})
    teachers = teacher_configs(model.get('teacher'))
    seen = all(sees(teacher, bands) for teacher in teachers)
    # mmengine applies a single mean to all bands
    if means in (None, 1, bands) and stem in (None, bands) and seen:
        return None
    shown = ', '.join(str(teacher.get('bands')) for teacher in teachers)
    teacher = f' and teacher.bands={shown}' if shown else ''
    return (
        'model: expected data_preprocessor (mean, std), backbone.in_channels and teacher.bands '
        f'for images of {bands} bands, got mean and std of {means}, in_channels={stem}{teacher}; '
        '`ktda check` writes with_statistics.py, which sets them'
    )


def fitted_model(
    model: Mapping[str, Any],
    bands: int,
    mean: object,
    std: object,
    white: float | None = None,
) -> dict[str, Any]:
    """Return what to merge into a model so that it takes images of other bands than 3 of 8 bits.

    ``mean`` and ``std`` may be what stands for the lists in the source of a config; ``white`` is
    the value of a bright pixel, for a teacher that learned from pictures of 8 bits and does not
    know the scale of the images, None where they are such pictures.
    """
    preprocessor = model.get('data_preprocessor') or {}
    changes: dict[str, Any] = {'mean': mean, 'std': std}
    if bands != RGB:
        changes = {'type': 'MultiBandSegDataPreProcessor', **changes}
    # rasters come in the order of their file
    changes |= {key: False for key in ('bgr_to_rgb', 'rgb_to_bgr') if preprocessor.get(key)}
    found: dict[str, Any] = {'data_preprocessor': changes}
    # the weights of others are loaded by mmengine, which cannot fit them
    fits_weights = model.get('type') == 'KTDASegmentor'
    backbone = _fitted_student(model.get('backbone') or {}, bands, fits_weights)
    if backbone:
        found['backbone'] = backbone
    teachers = [
        _fitted_teacher(teacher, bands, white) for teacher in teacher_configs(model.get('teacher'))
    ]
    if isinstance(model.get('teacher'), Mapping):
        found |= {'teacher': teachers[0]} if teachers[0] else {}
    elif any(teachers):
        # a list replaces that of the base as a whole
        whole = copy.deepcopy(list(model['teacher']))
        found['teacher'] = [one | change for one, change in zip(whole, teachers, strict=True)]
    return found


def white_of(statistics: Sequence[tuple[float, float]]) -> float | None:
    """Return a bright value by mean and std of each band; None where there is none above 0."""
    white = max(mean + 2 * std for mean, std in statistics[:RGB])
    return white if white > 0 else None


def input_channels(backbone: Mapping[str, Any]) -> int | None:
    """Return how many channels a backbone takes by its config; None where that is not known."""
    if 'backbone' in backbone:
        return input_channels(backbone['backbone'])
    key, value = _width(backbone)
    if key is None and _option(backbone, 'bands') is not inspect.Parameter.empty:
        return len(backbone.get('bands') or _option(backbone, 'bands'))
    return value if isinstance(value, int) else None


def teacher_configs(
    teacher: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None,
) -> list[Mapping[str, Any]]:
    """List the teachers that ``model.teacher`` names: none, one or several."""
    return [teacher] if isinstance(teacher, Mapping) else list(teacher or [])


def take_bands(config: Mapping[str, Any]) -> tuple[list[int] | None, dict[str, Any]]:
    """Separate the choice of the student's channels from the backbone's own options."""
    bands = config.get('bands')
    if not bands or not all(isinstance(band, int) for band in bands):
        return None, dict(config)
    return list(bands), {key: value for key, value in config.items() if key != 'bands'}


def sees(teacher: Mapping[str, Any], bands: int) -> bool:
    """Whether a teacher gets as many channels as it takes from images of a number of bands."""
    chosen, own = take_bands(teacher)
    if chosen is None:
        return input_channels(own) in (None, bands)
    return max(chosen) < bands and input_channels(own) in (None, len(chosen))


def _fitted_student(backbone: Mapping[str, Any], bands: int, fits_weights: bool) -> dict[str, Any]:
    if 'backbone' in backbone:
        inner = _fitted_student(backbone['backbone'], bands, False)
        return {'backbone': inner} if inner else {}
    key, value = _width(backbone)
    if key is None or value == bands:
        return {}
    weights = backbone.get('init_cfg') or {}
    pretrained = isinstance(weights, Mapping) and weights.get('type') == 'Pretrained'
    widened = {'init_cfg': {'widen_stem': True}} if pretrained and fits_weights else {}
    return {key: bands, **widened}


def _fitted_teacher(teacher: Mapping[str, Any], bands: int, white: float | None) -> dict[str, Any]:
    change: dict[str, Any] = {}
    if not sees(teacher, bands):
        own = {key: value for key, value in teacher.items() if key != 'bands'}
        # the last one again where there are too few
        change['bands'] = [min(band, bands - 1) for band in range(input_channels(own) or RGB)]
    knows = {'input_scale', 'input_mean', 'input_std'} & teacher.keys()
    scale = _option(teacher, 'input_scale')
    if white and not knows and isinstance(scale, float):
        # what it says of pictures of 8 bits holds for those whose white is this value
        change['input_scale'] = float(f'{scale * WHITE / white:.6g}')
    return change


def _width(backbone: Mapping[str, Any]) -> tuple[str | None, Any]:
    """The key and the value of a backbone's number of input channels; no key where it has none."""
    # what is given comes before a default of the other name: TimmBackbone takes both
    for key in sorted(WIDTHS, key=backbone.__contains__, reverse=True):
        default = _option(backbone, key)
        if key in backbone or default is not inspect.Parameter.empty:
            return key, backbone.get(key, default)
    return None, None


def _option(config: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
    """The default of an argument of what a config builds; ``Parameter.empty`` where it has none."""
    kind = config.get('type')
    cls = MODELS.get(kind) if isinstance(kind, str) else kind
    for part in getattr(cls, '__mro__', ()):
        arguments = inspect.signature(part.__init__).parameters
        if name in arguments:
            return arguments[name].default
        if not any(one.kind is one.VAR_KEYWORD for one in arguments.values()):
            break
    return inspect.Parameter.empty

"""Loading pretrained weights into a module, with an account of what matched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmengine.logging import print_log
from torch import Tensor, nn

from .download import is_url, local_file
from .reading import read_checkpoint, state_dict_of
from .renaming import parts, shorten

PRETRAINED_BANDS = 3


@dataclass(frozen=True)
class LoadReport:
    """What loading a checkpoint did, key by key."""

    source: str
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    resized: tuple[str, ...]
    widened: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in one line."""
        loaded, needed = len(self.matched), len(self.matched) + len(self.missing)
        text = f'loaded {loaded}/{needed} tensors from {self.source}'
        notes = {
            'fitted to the bands': self.widened,
            'resized': self.resized,
            'left fresh': self.missing,
            'ignored': self.unexpected,
        }
        listed = '; '.join(f'{note}: {shorten(keys)}' for note, keys in notes.items() if keys)
        return f'{text} ({listed})' if listed else text


def load_pretrained(
    module: nn.Module,
    checkpoint: str | Path,
    prefix: str = '',
    allow_pickle: bool = False,
    widen_stem: bool | Sequence[int] = False,
) -> LoadReport:
    """Load a module's weights from a file, or raise if they are not what its architecture needs.

    Every tensor of the module must be in the file, except two kinds that pretrained files lack:
    integer buffers (step counters, index tables: nothing learned) and the layer norms ``norm{i}``
    that dense prediction puts on each output level of a classification network. Whole parts that
    only the file has (``head``, ``mask_token``) are ignored; tensors for which a part of the module
    has no place mean another architecture and are refused. Load-time hooks of the module, such as
    mmpretrain's interpolation of position embeddings, apply.

    Args:
        module (nn.Module): What receives the weights, in place.
        checkpoint (str | Path): Path or URL of the file.
        prefix (str): Load only the keys under this name (``'backbone'`` or ``'backbone.'``),
            without it. A file that has none must hold the module's own keys.
        allow_pickle (bool): See :func:`read_checkpoint`.
        widen_stem (bool | Sequence[int]): Fit the file's first convolution to the module's number
            of bands, see :func:`ktda_mmseg.checkpoints.loading.fit_stem`: one of three bands, or
            one of any bands by the module's band, counted from 0, that each of them is.

    Returns:
        What matched and what did not; its text is also logged.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: Nothing matches, or the file does not fit the module, some of whose weights may
            have been overwritten by then.
    """
    source = str(checkpoint)
    path = local_file(source) if is_url(source) else source
    weights = state_dict_of(read_checkpoint(path, allow_pickle=allow_pickle), source)
    if prefix:
        weights = _under(prefix, weights)
    widened = ''
    if widen_stem:
        bands = None if widen_stem is True else widen_stem
        weights, widened = fit_stem(module, weights, bands)
    own = module.state_dict()
    shapes = {key: value.shape for key, value in own.items()}
    try:
        missing, unexpected = module.load_state_dict(weights, strict=False)
    except (RuntimeError, AssertionError) as error:  # mmpretrain's resizing asserts
        raise ValueError(_describe_mismatch(weights, shapes, source, error)) from error
    _check_fit(module, weights, source, missing, unexpected)
    matched = tuple(key for key in own if key not in missing)
    report = LoadReport(
        source=source,
        matched=matched,
        missing=tuple(missing),
        unexpected=tuple(unexpected),
        resized=tuple(k for k in matched if k in weights and weights[k].shape != shapes[k]),
        widened=(widened,) if widened else (),
    )
    print_log(f'{type(module).__name__}: {report}', logger='current')
    return report


def _under(prefix: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Keep what lies under a prefix, and strip it."""
    prefix = prefix.rstrip('.') + '.'
    kept = {key[len(prefix) :]: value for key, value in weights.items() if key.startswith(prefix)}
    # one config serves a file of a whole network and one of the part alone: the fit is checked
    return kept or weights


def _check_fit(
    module: nn.Module,
    weights: dict[str, Tensor],
    source: str,
    missing: Sequence[str],
    unexpected: Sequence[str],
) -> None:
    """Raise unless the file had what the module needs and belongs to the same architecture."""
    own, name = module.state_dict(), type(module).__name__
    if len(unexpected) == len(weights):
        raise ValueError(
            f'{source}: none of its {len(weights)} keys is a key of {name}; expected '
            f'{parts(own)}, found {parts(weights)} (another layout, or a prefix is missing)'
        )
    if registers := [key for key in unexpected if key.endswith('register_tokens')]:
        raise ValueError(f'{source}: {registers[0]} needs a model with register tokens')
    if lacking := [key for key in missing if not _may_lack(module, key, own[key])]:
        raise ValueError(
            f'{source}: lacks {len(lacking)} of the {len(own)} tensors that {name} needs: '
            f'{shorten(lacking)}; it has {shorten(unexpected) or "nothing else"}'
        )
    children = {key.split('.')[0] for key in own if '.' in key}
    foreign = [
        key
        for key in unexpected
        if key.split('.')[0] in children and weights[key].is_floating_point()
    ]
    if foreign:
        raise ValueError(
            f'{source}: {len(foreign)} tensors have no place in {name}, so its architecture '
            f'differs: {shorten(foreign)}'
        )


def _may_lack(module: nn.Module, key: str, value: Tensor) -> bool:
    output_norm = re.fullmatch(r'(norm\d+)\.(weight|bias)', key)
    if output_norm:
        return isinstance(getattr(module, output_norm[1]), nn.LayerNorm)
    return not value.is_floating_point()


def _describe_mismatch(
    weights: dict[str, Tensor], shapes: dict[str, tuple[int, ...]], source: str, error: Exception
) -> str:
    for key, shape in shapes.items():
        if f'size mismatch for {key}:' in str(error):
            found = tuple(weights[key].shape)
            text = f'{source}: {key}: expected shape {tuple(shape)}, found {found}'
            other_bands = len(found) == 4 and (*shape[:1], 3, *shape[2:]) == found
            return text + ('; widen_stem=True in init_cfg fits it' if other_bands else '')
    return f'{source}: does not load: {str(error).splitlines()[0]}'


def fit_stem(
    module: nn.Module, weights: dict[str, Tensor], bands: Sequence[int] | None = None
) -> tuple[dict[str, Tensor], str]:
    """Fit the first convolution of a pretrained network to the number of bands of a module.

    Without ``bands``, the kernels of the three colours are repeated over the module's bands, in
    their order, and scaled by 3 / bands, so that activations keep their size; a single band gets
    their sum. This is what timm does (``timm.models.adapt_input_conv``). ``bands`` names the
    module's band for each of the kernels; the module's other bands start from zero.
    """
    stem = next(((n, m) for n, m in module.named_modules() if isinstance(m, nn.Conv2d)), None)
    kernels = weights.get(f'{stem[0]}.weight') if stem else None
    if stem is None or kernels is None:
        return weights, ''
    key, count = f'{stem[0]}.weight', stem[1].in_channels
    if bands is not None:
        if len(set(bands)) != kernels.size(1) or not set(bands) <= set(range(count)):
            raise ValueError(
                f'widen_stem: expected {kernels.size(1)} different bands, one for each of {key} in '
                f'the file, of 0 to {count - 1}, got {list(bands)}'
            )
        widened = kernels.new_zeros(kernels.size(0), count, *kernels.shape[2:])
        widened[:, list(bands)] = kernels
    elif kernels.size(1) != PRETRAINED_BANDS or count == PRETRAINED_BANDS:
        return weights, ''
    elif count == 1:
        widened = kernels.sum(dim=1, keepdim=True)
    else:
        repeats = -(-count // PRETRAINED_BANDS)
        widened = kernels.repeat(1, repeats, 1, 1)[:, :count] * (PRETRAINED_BANDS / count)
    return {**weights, key: widened}, key

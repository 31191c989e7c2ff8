"""Where OpenMMLab's original packages and the maintained ones differ: all else is one code path.

The names of the distributions are in ``environment``; what is wrong in both, class weights beside
ignored pixels, is mended in ``models.label_losses``.
"""

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.util import find_spec
from typing import Any, NoReturn

from mmengine.model import BaseDataPreprocessor
from mmengine.runner.checkpoint import CheckpointLoader, load_from_http, load_from_local
from mmseg.registry import MODELS


def swaps_channels(data_preprocessor: BaseDataPreprocessor) -> bool:
    """Tell whether a data preprocessor exchanges RGB and BGR."""
    # mmengine's name and that of the maintained mmseg; that of the original SegDataPreProcessor
    names = ('_channel_conversion', 'channel_conversion')
    return any(getattr(data_preprocessor, name, False) for name in names)


def allow_while_mmengine_loads(allowance: Callable[[], AbstractContextManager[None]]) -> None:
    """Enter a context whenever mmengine reads a checkpoint, and leave it when that is read.

    From PyTorch 2.6 on the original mmengine cannot read what it has written itself, in resuming,
    testing and ``init_model``; the maintained one falls back to unpickling whatever a file holds.
    """

    def within(load: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(load)
        def wrapped(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            with allowance():
                return load(*args, **kwargs)

        return wrapped

    CheckpointLoader.register_scheme('', within(load_from_local), force=True)
    CheckpointLoader.register_scheme(('http://', 'https://'), within(load_from_http), force=True)


def ask_for_mmdet() -> None:
    """Let ``Mask2FormerHead`` say what to install where MMDetection is absent.

    The original mmseg fails over an argument there, the maintained one names its own family only.
    """
    if not find_spec('mmdet'):
        MODELS.register_module('Mask2FormerHead', force=True, module=_no_mask2former)


def _no_mask2former(**_: Any) -> NoReturn:  # noqa: ANN401
    raise ImportError(
        'Mask2FormerHead needs MMDetection: pip install onedl-mmdetection, or mmdet beside '
        "OpenMMLab's original packages"
    )

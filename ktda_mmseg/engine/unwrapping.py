"""The model of a run, whatever wraps it."""

from typing import Any

from mmengine.model import is_model_wrapper
from torch import nn


def unwrapped(model: nn.Module) -> Any:  # noqa: ANN401
    """Return a model without the wrapper of several ranks."""
    return model.module if is_model_wrapper(model) else model

"""Weights that a converter refuses, and a library whose networks are oracles."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
import torch


def transformers_or_skip() -> ModuleType:
    """Return transformers, if PyTorch is new enough for its networks."""
    transformers = pytest.importorskip('transformers')
    if not transformers.is_torch_available():
        pytest.skip('the networks of this transformers need a newer PyTorch')
    return transformers


@pytest.fixture
def refusal(tmp_path, run_tool) -> Callable[..., str]:
    """Convert weights that do not fit; return the error, after checking that it left no file."""

    def run(script: str, weights: dict, *arguments: object) -> str:
        source = tmp_path / 'source.pth'
        torch.save(weights, source)
        with pytest.raises(SystemExit) as error:
            run_tool(script, source, tmp_path / 'out.pth', *arguments)
        assert list(tmp_path.iterdir()) == [source]
        assert str(error.value).startswith(f'error: {source}: ')
        return str(error.value)

    return run

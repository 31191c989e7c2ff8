"""A model is compiled before it trains."""

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from ktda_mmseg.utils.compiling import compile_parts

from .unwrapping import unwrapped


@HOOKS.register_module()
class CompileHook(Hook):
    """Compile the model's parts before training; checkpoints keep their keys."""

    def before_train(self, runner: Runner) -> None:
        """Compile; see :func:`ktda_mmseg.utils.compiling.compile_parts`."""
        compile_parts(unwrapped(runner.model))

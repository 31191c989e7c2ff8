"""Checkpoints that a kill at any moment leaves whole: the new one, or the one before."""

from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from ktda_mmseg.utils.files import remove_partial, write_atomic


class AtomicBackend(LocalBackend):
    """Local files that appear under their name only when they are whole and on disk."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write ``obj`` beside ``filepath``, then rename."""
        write_atomic(Path(filepath), obj, durable=True)

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Write text as :meth:`put` writes bytes."""
        self.put(obj.encode(encoding), filepath)


register_backend('atomic', AtomicBackend)


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """``CheckpointHook`` that removes an old checkpoint only when the new one is on disk.

    The base class removes first, writes in place, and notes the latest checkpoint in place.

    Args:
        *args: As in ``CheckpointHook``.
        **kwargs: As in ``CheckpointHook``; files are local, so ``backend_args`` is not taken.
    """

    file_backend: LocalBackend

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, backend_args=dict(backend='atomic'), **kwargs)

    def before_train(self, runner: Runner) -> None:
        """Open the atomic backend and clear what a kill left half-written."""
        super().before_train(runner)
        if is_main_process():
            remove_partial(Path(self.out_dir))

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        outdated = None
        if self.max_keep_ckpts > 0 and step not in self.keep_ckpt_ids:
            if len(self.keep_ckpt_ids) == self.max_keep_ckpts:
                outdated = self._checkpoint_path(self.keep_ckpt_ids.popleft())
            self.keep_ckpt_ids.append(step)
            runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        self.last_ckpt = self._checkpoint_path(step)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            self.filename_tmpl.format(step),
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if is_main_process():
            self.file_backend.put_text(self.last_ckpt, Path(runner.work_dir) / 'last_checkpoint')
            if outdated is not None:
                Path(outdated).unlink(missing_ok=True)

    def _checkpoint_path(self, step: int) -> str:
        return self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(step))

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        backend, postponing = self.file_backend, _NotedRemovals()
        self.file_backend = postponing
        try:
            super()._save_best_checkpoint(runner, metrics)
        finally:
            self.file_backend = backend
        best = {getattr(self, 'best_ckpt_path', None)}
        best.update(getattr(self, 'best_ckpt_path_dict', {}).values())
        for path in postponing.noted:
            if path not in best:
                backend.remove(path)


class _NotedRemovals(AtomicBackend):
    """A backend that only notes what it is told to remove."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def remove(self, filepath: str | Path) -> None:
        self.noted.append(str(filepath))

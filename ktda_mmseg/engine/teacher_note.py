"""A note in every checkpoint that identifies the teacher it learned from."""

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from ktda_mmseg.models import FrozenTeacher

from .unwrapping import unwrapped


@HOOKS.register_module()
class TeacherNoteHook(Hook):
    """Write the teacher's fingerprint into ``meta`` and refuse to resume with another teacher.

    The teacher itself is in no checkpoint. ``meta['teacher']`` holds its ``config`` (JSON) and the
    ``sha256`` of its weights, or None for a run without teacher.
    """

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add ``meta['teacher']``."""
        teacher = current_teacher(runner)
        checkpoint['meta']['teacher'] = teacher.fingerprint() if teacher else None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare the note with the teacher of this run, when it resumes."""
        meta = checkpoint.get('meta', {})
        if not runner._resume or 'teacher' not in meta:
            return
        noted, teacher = meta['teacher'], current_teacher(runner)
        found = teacher.fingerprint() if teacher else None
        if noted != found:
            raise ValueError(
                'expected to resume with the teacher the checkpoint was trained with, '
                f'{describe(noted)}, got {describe(found)}; load it with load_from to start a new '
                'run from its weights instead'
            )


def current_teacher(runner: Runner) -> FrozenTeacher | None:
    """Return the teacher of the runner's model, None for a model without one."""
    return getattr(unwrapped(runner.model), 'teacher', None)


def describe(fingerprint: dict[str, str] | None) -> str:
    """Say in a few words which teacher a fingerprint means."""
    if fingerprint is None:
        return 'no teacher'
    return f'{fingerprint["config"]} with weights {fingerprint["sha256"][:12]}'

"""Training engine: exact resume, checkpoints that survive a kill, the note on the teacher."""

from .atomic_checkpoint import AtomicBackend, AtomicCheckpointHook
from .exact_resume import ExactResumeHook, ResumableSampler, SeedSample
from .teacher_note import TeacherNoteHook

__all__ = [
    'AtomicBackend',
    'AtomicCheckpointHook',
    'ExactResumeHook',
    'ResumableSampler',
    'SeedSample',
    'TeacherNoteHook',
]

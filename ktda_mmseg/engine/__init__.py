"""Training engine: exact resume, checkpoints that survive a kill, precision, the teacher's note."""

from .atomic_checkpoint import AtomicBackend, AtomicCheckpointHook
from .compiling import CompileHook
from .exact_resume import ExactResumeHook, ResumableSampler, SeedSample
from .mixed_precision import BFloat16OptimWrapper
from .picture_hook import PictureHook
from .teacher_note import TeacherNoteHook

__all__ = [
    'AtomicBackend',
    'AtomicCheckpointHook',
    'BFloat16OptimWrapper',
    'CompileHook',
    'ExactResumeHook',
    'PictureHook',
    'ResumableSampler',
    'SeedSample',
    'TeacherNoteHook',
]

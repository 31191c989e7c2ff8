"""Training engine: exact resume, checkpoints that survive a kill, precision."""

from .atomic_checkpoint import AtomicBackend, AtomicCheckpointHook
from .confidence_metric import ConfidenceHook, ConfidenceIoUMetric
from .even_stops import EvenStopsHook
from .exact_resume import ExactResumeHook, ResumableSampler, SeedSample
from .fit_hook import FitHook
from .json_handler import FiniteJsonHandler
from .mixed_precision import BFloat16OptimWrapper
from .picture_hook import PictureHook
from .speed_hooks import ChannelsLastHook, CompileHook
from .teacher_note import TeacherNoteHook
from .transfer_stage import TransferStageHook

__all__ = [
    'AtomicBackend',
    'AtomicCheckpointHook',
    'BFloat16OptimWrapper',
    'ChannelsLastHook',
    'CompileHook',
    'ConfidenceHook',
    'ConfidenceIoUMetric',
    'EvenStopsHook',
    'ExactResumeHook',
    'FiniteJsonHandler',
    'FitHook',
    'PictureHook',
    'ResumableSampler',
    'SeedSample',
    'TeacherNoteHook',
    'TransferStageHook',
]

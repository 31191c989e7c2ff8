"""The frozen teacher's maps, computed once and read from disk during training."""

from .transforms import LoadTeacherMaps, PackTransferInputs, TrackPixels

__all__ = ['LoadTeacherMaps', 'PackTransferInputs', 'TrackPixels']

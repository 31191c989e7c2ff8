"""A look inside: what student and teacher see, level by level, and how alike it is."""

from .feature_hook import FeatureHook
from .levels import similarity_by_level

__all__ = ['FeatureHook', 'similarity_by_level']

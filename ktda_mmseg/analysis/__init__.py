"""A look inside: what student and teacher see, level by level, and how alike it is."""

from .levels import similarity_by_level

__all__ = ['similarity_by_level']

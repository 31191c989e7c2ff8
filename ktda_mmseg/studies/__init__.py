"""Studies: configs × data sets × seeds, run cell by cell, and the tables of their results."""

from .definition import Row, Study

__all__ = ['Row', 'Study']

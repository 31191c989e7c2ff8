"""The version of this package, read by setup.py too."""

__version__ = '0.2.0'

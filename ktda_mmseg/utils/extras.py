"""Imports of packages that only some users have."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needed_for(purpose: str, *, extra: str = '', install: str = '') -> Iterator[None]:
    """Say what to install where a block imports a package that is not there.

    Args:
        purpose (str): What the packages are for.
        extra (str): The extra of this project that brings them.
        install (str): What pip installs instead, where no extra does.

    Raises:
        ImportError: In one sentence.
    """
    try:
        yield
    except ImportError as error:
        package = (error.name or str(error)).partition('.')[0]
        wanted = install or f"'ktda-mmseg[{extra}]'"
        message = f'{purpose} needs {package}: pip install {wanted}'
        raise ImportError(message, name=error.name) from error

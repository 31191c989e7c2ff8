"""Errors of the tools: one line for what the user can mend, a traceback for what is a bug."""

import contextlib
import json
import logging
import os
import pickle
import sys
import traceback
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import mmcv
import mmengine.config.config
import mmengine.registry.build_functions
import mmseg

PACKAGE = Path(__file__).resolve().parents[1]
BUILDING = mmengine.registry.build_functions.__file__
READING = mmengine.config.config.__file__
# they check what configs and command lines hold
CHECKING = tuple(
    f'{folder}{os.sep}'
    for folder in (PACKAGE, *(Path(m.__file__).parent for m in (mmengine, mmcv, mmseg)))
)
# what files and the system say, wherever in Python it is noticed
OUTSIDE = (
    OSError,
    UnicodeError,
    json.JSONDecodeError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
)
CHECKS = (ValueError, TypeError, RuntimeError, AssertionError)


@contextlib.contextmanager
def clean_errors() -> Iterator[None]:
    """End the program with one line where the user, not the program, has something to mend.

    That is whatever the system or a file refuses (``OSError``, a full disk too), a package that is
    not installed, a check that this package or mmseg's family makes of its arguments, a config
    that cannot be read or built from, and Ctrl-C. What else is raised is a bug and keeps its
    traceback. With ``KTDA_TRACEBACK=1`` in the environment all have one.

    Raises:
        SystemExit: With the message of such an error.
    """
    let_configs_import_projects()
    if os.environ.get('KTDA_TRACEBACK') == '1':
        yield
        return
    # a log that a full disk does not take is not worth a traceback for each of its lines
    logging.raiseExceptions = False
    try:
        yield
    except KeyboardInterrupt:
        sys.exit('stopped')
    except Exception as error:
        if not _is_of_user(error):
            raise
        sys.exit(f'error: {_message(error)}')


def let_configs_import_projects() -> None:
    """Put a clone's root at the end of ``sys.path``, where no editable installation puts it."""
    if (root := str(PACKAGE.parent)) not in sys.path:
        sys.path.append(root)


def _is_of_user(error: Exception) -> bool:
    if isinstance(error, ImportError):
        # its own modules are not the user's to install
        return not (error.name or '').startswith(PACKAGE.name)
    # an error of a class of ours may come from a worker, without our frames
    if isinstance(error, OUTSIDE) or type(error).__module__.startswith((PACKAGE.name, 'rasterio')):
        return True
    if _config_being_read(error):
        return True
    file, line = _raised_in(error)
    if isinstance(error, (TypeError, KeyError)) and file == BUILDING:
        return True
    # a check says what is wrong; int('x') in the same module is a bug (without sources, who knows)
    checked = not line or line.startswith(('raise ', 'assert '))
    return isinstance(error, CHECKS) and file.startswith(CHECKING) and checked and bool(str(error))


def _raised_in(error: Exception) -> tuple[str, str]:
    """Return the file where an error was raised, and the line of code."""
    if _comes_from_worker(error):
        lines = str(error).splitlines()
        last = max(i for i, line in enumerate(lines) if line.startswith('  File "'))
        return lines[last].split('"')[1], lines[last + 1].strip()
    if hasattr(error, 'raised_in'):  # in a thread or process of utils/workers.py
        return error.raised_in
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return frame.filename, frame.line or ''


def _message(error: Exception) -> str:
    if _comes_from_worker(error):
        return str(error).splitlines()[-1].partition(': ')[2]
    # str() of a KeyError is quoted
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if config := _config_being_read(error):
        if isinstance(error, ImportError) and error.__cause__:
            text = _refused_import(error.__cause__)
        text = f'{config}: {type(error).__name__}: {text}'
    return ' '.join(text.split()) or type(error).__name__


def _refused_import(error: BaseException) -> str:
    """Say what mmengine says of ``custom_imports``, without all of sys.path."""
    return (
        f'{error} ({error.__context__}); set PYTHONPATH to the folder that holds it: for projects/ '
        'that is a clone of the repository, since an installed wheel has none'
    )


def _comes_from_worker(error: Exception) -> bool:
    # a loader's worker hands on its whole traceback as the message
    return str(error).startswith('Caught ') and '\nOriginal Traceback ' in str(error)


def _config_being_read(error: Exception) -> str | None:
    """Return the config file whose reading failed, whatever its author has written into it."""
    if isinstance(error, OSError):
        return None
    step: TracebackType | None = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename == READING and code.co_name == 'fromfile':
            return str(step.tb_frame.f_locals['filename'])
        step = step.tb_next
    return None

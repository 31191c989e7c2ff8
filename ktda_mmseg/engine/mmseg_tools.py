"""The scripts that mmseg ships, run with this package's models registered."""

import runpy
import sys
from pathlib import Path

import mmseg

from ktda_mmseg.utils.errors import clean_errors


def run_mmseg_tool(name: str, *options: str) -> None:
    """Run a script of mmseg with the arguments of this process.

    Args:
        name (str): Path below mmseg's tools without its ending: ``'misc/print_config'``.
        *options (str): Arguments to add to those of this process.

    Raises:
        SystemExit: If the script ends itself, or with one line where it needs a package or file.
    """
    script = Path(mmseg.__file__).with_name('.mim') / 'tools' / f'{name}.py'
    sys.argv.extend(options)
    with clean_errors():
        if not script.is_file():
            raise FileNotFoundError(f'expected {script} to come with mmseg; install it with pip')
        try:
            runpy.run_path(str(script), run_name='__main__')
        except ModuleNotFoundError as error:
            raise ImportError(f'{name}.py needs {error.name}: pip install {error.name}') from error

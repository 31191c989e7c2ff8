"""Scripts of mmseg as tools: what they import takes seconds, which --help need not wait for."""

import argparse
import ast
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def run(name: str) -> None:
    """Run a script of mmseg, after a look at the arguments.

    Args:
        name (str): Path below mmseg's tools without its ending: ``'misc/print_config'``.

    Raises:
        SystemExit: For --help, with the script's error, or where it needs a package or file.
    """
    _parse_args(name)
    from ktda_mmseg.engine.mmseg_tools import run_mmseg_tool

    run_mmseg_tool(name)


def _parse_args(name: str) -> None:
    """Read the arguments of this process as the script does, where it can be found."""
    spec = find_spec('mmseg')  # which does not import it
    if spec is None or spec.origin is None:
        return
    script = Path(spec.origin).with_name('.mim') / 'tools' / f'{name}.py'
    if not script.is_file():
        return
    tree = ast.parse(script.read_bytes())
    tree.body = [node for node in tree.body if getattr(node, 'name', '') == 'parse_args']
    scope: dict[str, Any] = dict(argparse=argparse, DictAction=_Taken)
    exec(compile(tree, str(script), 'exec'), scope)
    # one of another version of mmseg may need more: then it parses when it runs
    with suppress(KeyError, NameError):
        scope['parse_args']()


class _Taken(argparse.Action):
    """Takes KEY=VALUE without a look at it."""

    def __call__(self, *_: object) -> None:
        """Take it."""

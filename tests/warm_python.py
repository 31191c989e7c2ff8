"""Runs scripts in forks of a Python that has imported libraries, which takes most of their time.

It has imported what sets up nothing: neither this package nor OpenMMLab's, so that a script which
forgets to fails. ``python warm_python.py`` is the process that forks.
"""

import atexit
import json
import os
import runpy
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import numpy.random
from yapf.yapflib import yapf_api

LIBRARIES = 'scipy.optimize', 'timm', 'torch._dynamo', 'torchvision.models', 'transformers'


class WarmPython:
    """Stands for ``subprocess``, where it starts ``sys.executable`` with a script."""

    def __init__(self) -> None:
        # OpenMP looks only once, when it is imported
        env = {**os.environ, 'OMP_NUM_THREADS': '1'}
        command = [sys.executable, __file__]
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._parent = subprocess.Popen(command, **pipes, text=True, env=env)

    def start(
        self, command: Sequence[object], env: Mapping[str, str], *streams: Path
    ) -> 'WarmProcess':
        """Start a script, with the arguments behind it, in a process group of its own.

        ``streams`` are the files that take stdout and stderr, emptied before.
        """
        argv, files = [*map(str, command)], [str(stream.absolute()) for stream in streams]
        pid = self.ask('start', dict(argv=argv, env={**env}, cwd=os.getcwd(), streams=files))
        return WarmProcess(self, pid)

    def run(
        self, command: Sequence[object], env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a script, with the arguments behind it, to its end; return what it printed."""
        with TemporaryDirectory() as folder:
            streams = [Path(folder) / name for name in ('stdout', 'stderr')]
            code = self.start(command, env, *streams).wait()
            printed = [stream.read_text() for stream in streams]
        return subprocess.CompletedProcess([*command], code, *printed)

    def ask(self, *request: object) -> int | None:
        """Let the parent of all do something, and return its answer."""
        print(json.dumps(request), file=self._parent.stdin, flush=True)
        return json.loads(self._parent.stdout.readline())

    def close(self) -> None:
        """End the process that forks."""
        self._parent.communicate()


class WarmProcess:
    """Stands for ``subprocess.Popen``."""

    def __init__(self, python: WarmPython, pid: int) -> None:
        self.pid, self._python, self._code = pid, python, None

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        return self._wait(os.WNOHANG)

    def wait(self) -> int:
        """Wait until it has ended and return its exit code."""
        return self._wait(0)

    def _wait(self, options: int) -> int | None:
        if self._code is None:
            self._code = self._python.ask('wait', self.pid, options)
        return self._code


def become(argv: list[str], env: dict[str, str], cwd: str, streams: list[str]) -> NoReturn:
    """Turn this process into that of a script which is run by itself, to its end."""
    os.setsid()
    os.chdir(cwd)
    for number, stream in enumerate([os.devnull, *streams]):
        file = os.open(stream, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(env)
    numpy.random.seed()  # as random does by itself after a fork
    paths = env.get('PYTHONPATH', '').split(os.pathsep)
    sys.path[:1] = [os.path.dirname(argv[0]), *filter(None, paths)]
    sys.argv = argv
    code = 0
    try:
        runpy.run_path(argv[0], run_name='__main__')
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    # as Python ends, but that the memory is left to the system, which takes seconds less
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def format_once() -> None:
    """Let yapf format a text once: mmengine asks five times a run, for a second each."""
    format_code, done = yapf_api.FormatCode, {}

    def formatted(text: str, **options: Any) -> tuple[str, bool]:
        key = text, str(options)
        if key not in done:
            done[key] = format_code(text, **options)
        return done[key]

    yapf_api.FormatCode = formatted


def main() -> None:
    """Do what each line of stdin says, and answer by a line."""
    format_once()
    for library in LIBRARIES:
        import_module(library)
    for line in sys.stdin:
        kind, *request = json.loads(line)
        if kind == 'start':
            answer = os.fork() or become(**request[0])
        else:
            pid, status = os.waitpid(*request)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    main()

"""Running a program so that nothing of it outlives the command that started it."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO

PATIENCE = 10.0  # seconds that a process has to end


def run_process(command: Sequence[str], log: IO[str], environment: Mapping[str, str]) -> int:
    """Run a program, which ends when its stdin does, and return its exit code, < 0 for a signal.

    It and all that it starts end with this process.
    """
    # Ctrl-C reaches this process only
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        return process.wait()
    finally:
        for kind in (signal.SIGTERM, signal.SIGKILL):
            # also what it has left behind
            with suppress(ProcessLookupError):
                os.killpg(process.pid, kind)
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
                break

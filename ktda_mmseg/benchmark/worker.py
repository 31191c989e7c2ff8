"""A process that answers when it is asked, and what is known when it ends instead."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any


@dataclass
class Worker:
    """A candidate's process.

    Attributes:
        label (str): The candidate's name.
        process (BaseProcess): The process.
        pipe (Connection): Our end of a pipe to it.
    """

    label: str
    process: BaseProcess
    pipe: Connection

    def ask(self) -> Any:  # noqa: ANN401
        """Have it do what it does once, and wait for what it says.

        Returns:
            Any: What it answers.

        Raises:
            RuntimeError: If it ended instead, with what is known of why.
        """
        try:
            self.pipe.send(None)
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            self.process.join()
        if self.process.exitcode == -signal.SIGKILL:
            raise RuntimeError(
                f'{self.label}: its process was killed, most often since memory ran out: '
                'measure fewer configs at once, or smaller batches'
            )
        raise RuntimeError(f'{self.label}: its process failed, see above')


@contextmanager
def started(label: str, serve: Callable[..., None], *args: object) -> Iterator[Worker]:
    """Start a process that lasts as long as the context.

    Args:
        label (str): What it is called when it fails.
        serve (Callable): What it runs: given its end of the pipe and ``args``, sends an answer for
            each message.
        *args (object): For ``serve``.

    Yields:
        Worker: The process.
    """
    # a GPU cannot be used from a forked process
    context = multiprocessing.get_context('spawn')
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, *args), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Worker(label, process, ours)
    finally:
        process.terminate()
        process.join()
        ours.close()

"""Processes of a test that gloo can join."""

import multiprocessing
import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nobody listens to."""
    with ExitStack() as stack:
        opened = (socket.create_server(('127.0.0.1', 0)) for _ in range(count))
        servers = [stack.enter_context(server) for server in opened]
        return [server.getsockname()[1] for server in servers]


def run_ranks(function: Callable[..., Any], *args: Any, ranks: int = 2) -> list[int | None]:
    """Call a function in forked processes, in the environment of ranks; their exit codes.

    Ranks that wait for each other for ever are killed, which gives -9.
    """
    (port,) = free_ports(1)
    fork = multiprocessing.get_context('fork')
    processes = [
        fork.Process(target=_as_rank, args=(rank, ranks, port, function, *args))
        for rank in range(ranks)
    ]
    for process in processes:
        process.start()
    deadline = time.monotonic() + 600
    for process in processes:
        process.join(deadline - time.monotonic())
        process.kill()
        process.join()
    return [process.exitcode for process in processes]


def _as_rank(rank: int, ranks: int, port: int, function: Callable[..., Any], *args: Any) -> None:
    values = dict(MASTER_PORT=port, WORLD_SIZE=ranks, RANK=rank, LOCAL_RANK=rank)
    os.environ.update({'MASTER_ADDR': '127.0.0.1', **{k: str(v) for k, v in values.items()}})
    function(*args)

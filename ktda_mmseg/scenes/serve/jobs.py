"""Images on their way to a map: one at a time is worked on, few wait, none stays."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

UPLOADING, WAITING, RUNNING, DONE, FAILED = 'uploading', 'waiting', 'running', 'done', 'failed'
PENDING = (UPLOADING, WAITING, RUNNING)
PATIENCE = 20.0  # seconds to wait for the worker at the end
logger = logging.getLogger(__name__)


class Limits(NamedTuple):
    """What a visitor of the page may ask of the machine."""

    upload: int = 500_000_000  # bytes of a file
    pixels: int = 150_000_000  # of an image, before anything is decoded
    side: int = 65_000  # rows or columns of an image; memory grows with its width
    block: int = 512 << 20  # bytes that a decoded block of a file takes
    jobs: int = 8  # uploaded, waiting or worked on; as many finished maps are kept
    keep: float = 900.0  # seconds for which what nobody asks after is kept
    stall: float = 30.0  # seconds without a byte of an upload, or for the head of a request


class CancelledError(Exception):
    """Whoever asked for a map does not want it any more."""


class BusyError(Exception):
    """As many images are on their way as may be."""


@dataclass(eq=False)
class Job:
    """One image on its way to a map; its id is what only the visitor knows."""

    folder: Path  # named by its id, holds its files and nothing else
    model: str
    name: str  # what the visitor calls the file
    state: str = UPLOADING
    fraction: float = 0.0
    result: dict[str, Any] = field(default_factory=dict)  # what is told of the finished map
    error: str = ''
    receiving: bool = False  # its image has begun to come
    cancelled: bool = False  # it is to stop
    started: float = 0.0  # when work began, in seconds of a monotonic clock
    # when anybody asked after it, or a part of its image came
    touched: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        """Return what the page asks for it by."""
        return self.folder.name

    @property
    def scene(self) -> Path:
        """The uploaded file; its name tells GDAL nothing."""
        return self.folder / 'scene'

    def report(self, fraction: float) -> None:
        """Note how much is done, from 0 to 1; CancelledError if there is no need to go on."""
        if self.cancelled:
            raise CancelledError
        self.fraction, self.touched = fraction, time.monotonic()

    def seconds_left(self) -> float | None:
        """Estimate how long the work will still take; None before there is anything to go by."""
        if self.state != RUNNING or not self.fraction:
            return None
        return (time.monotonic() - self.started) * (1 / self.fraction - 1)

    def explain(self, error: Exception) -> str:
        """Turn an error into a sentence that names the visitor's file and no path of ours."""
        told = str(error).replace(str(self.scene), self.name)
        return told.replace(str(self.folder), '').strip()


class Jobs:
    """All jobs, and the thread that works on them one after the other."""

    def __init__(self, work: Callable[[Job], None], root: Path, limits: Limits) -> None:
        self._work, self._root, self._limits = work, root, limits
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name='maps', daemon=True)
        self._thread.start()

    def open(self, model: str, name: str) -> Job:
        """Make room for an image; BusyError if there is none."""
        with self._lock:
            if sum(job.state in PENDING for job in self._jobs.values()) >= self._limits.jobs:
                raise BusyError
            job = Job(self._root / secrets.token_urlsafe(16), model, name)
            job.folder.mkdir()
            self._jobs[job.id] = job
            finished = [one for one in self._jobs.values() if one.state not in PENDING]
        for one in sorted(finished, key=lambda job: job.touched)[: -self._limits.jobs]:
            self.remove(one)
        return job

    def get(self, identifier: str) -> Job:
        """Return a job, which thereby stays for a while; KeyError if there is none any more."""
        job = self._jobs[identifier]
        job.touched = time.monotonic()
        return job

    def receive(self, job: Job) -> bool:
        """Tell whether the image of a job may come: once, and only if the job is still there.

        Whoever is told so removes its files if it does not come.
        """
        with self._lock:
            may = job.state == UPLOADING and not job.receiving and not job.cancelled
            job.receiving = job.receiving or may
        return may

    def submit(self, job: Job) -> None:
        """Put a job behind those that wait; CancelledError if it has been removed meanwhile."""
        with self._lock:
            job.report(0)
            job.state = WAITING
        self._queue.put(job)

    def ahead_of(self, job: Job) -> int:
        """Count the jobs that are worked on before this one."""
        order = list(self._jobs.values())
        pending = [one for one in order if one.state in (WAITING, RUNNING)]
        return pending.index(job) if job in pending else 0

    def remove(self, job: Job) -> None:
        """Stop a job and remove its files, at once or as soon as nothing uses them."""
        with self._lock:
            self._jobs.pop(job.id, None)
            job.cancelled = True
            used = job.state == RUNNING or (job.state == UPLOADING and job.receiving)
        if not used:
            discard(job)

    def sweep(self) -> None:
        """Remove what nobody has asked after for long."""
        now = time.monotonic()
        for job in list(self._jobs.values()):
            patience = self._limits.stall if job.state == UPLOADING else self._limits.keep
            if now - job.touched > patience:
                self.remove(job)

    def close(self) -> None:
        """Stop all jobs and remove their files."""
        for job in list(self._jobs.values()):
            self.remove(job)
        self._queue.put(None)
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            with self._lock:
                if job.cancelled:
                    continue
                job.state, job.started = RUNNING, time.monotonic()
            self._make(job)
            with self._lock:
                job.state = FAILED if job.error else DONE
            if job.cancelled:
                discard(job)

    def _make(self, job: Job) -> None:
        try:
            self._work(job)
        except CancelledError:
            pass
        except (ValueError, OSError, ImportError) as error:
            job.error = job.explain(error) or type(error).__name__
        except Exception:  # the thread must outlive a job, whatever a model raises
            logger.exception('a map failed')
            job.error = 'The server could not make this map; its log says why'


def discard(job: Job) -> None:
    """Remove the files of a job."""
    shutil.rmtree(job.folder, ignore_errors=True)

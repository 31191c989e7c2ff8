"""The application: the page, its requests, and a folder that goes when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from ktda_mmseg.scenes.map.predictor import Predictor

from .guard import Guard
from .jobs import Job, Jobs
from .limits import Limits
from .mapping import make_map
from .requests import router

SWEEP = 10.0  # seconds between looks for what nobody asks after


def create_app(
    models: Mapping[str, Predictor], limits: Limits | None = None, host: str = 'localhost'
) -> FastAPI:
    """Make the application.

    While it runs, uploads and maps lie in a temporary folder.

    Args:
        models (Mapping[str, Predictor]): At least one, by the names that the page shows.
        limits (Limits | None): What visitors may ask for; None for the defaults. Default: None.
        host (str): Name or address that it is reached by, beside those of the machine.

    Returns:
        FastAPI: The application, for an ASGI server such as uvicorn.
    """
    app = FastAPI(lifespan=_running, openapi_url=None)
    app.state.models = models
    app.state.limits = limits or Limits()
    app.add_middleware(Guard, host=host)
    app.include_router(router)
    return app


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    """Keep a worker and a folder while the application runs."""

    def work(job: Job) -> None:
        make_map(job, app.state.models[job.model])

    with TemporaryDirectory(prefix='ktda-serve-', ignore_cleanup_errors=True) as folder:
        jobs = app.state.jobs = Jobs(work, Path(folder), app.state.limits)
        sweeper = asyncio.create_task(_sweep(jobs))
        yield
        sweeper.cancel()
        await run_in_threadpool(jobs.close)


async def _sweep(jobs: Jobs) -> None:
    while True:
        await asyncio.sleep(SWEEP)
        await run_in_threadpool(jobs.sweep)

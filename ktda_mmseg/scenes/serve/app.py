"""The application: the page and its requests. A job is opened, gets its image, brings files."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ktda_mmseg.scenes.map.predictor import Predictor
from ktda_mmseg.utils.html import FOLDER

from .jobs import DONE, UPLOADING, BusyError, CancelledError, Job, Jobs, Limits, discard
from .mapping import FILES, make_map
from .uploads import TooLargeError, check_upload, receive

HEADERS = {
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
}
PAGE = Path(__file__).parent / 'page'
SWEEP = 10.0  # seconds between looks for what nobody asks after
# the first that fits is taken
STATUSES = {
    TooLargeError: 413,
    ValueError: 422,
    TimeoutError: 408,
    OSError: 507,
    CancelledError: 410,
    ClientDisconnect: 410,
}
router = APIRouter(prefix='/api')


def create_app(models: Mapping[str, Predictor], limits: Limits, host: str) -> FastAPI:
    """Make the application for an ASGI server; ``host`` is a name that it is reached by."""
    app = FastAPI(lifespan=_running, openapi_url=None)
    app.state.models, app.state.limits = models, limits
    app.add_middleware(Guard, host=host)
    app.include_router(router)
    app.add_route('/base.css', _base_style)
    app.mount('/', StaticFiles(directory=PAGE, html=True))
    return app


def _base_style(request: Request) -> FileResponse:
    """Send what this page looks like as all pages of the package do."""
    return FileResponse(FOLDER / 'base.css')


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    """Keep a worker, and a folder of uploads and maps, while the application runs."""

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


def _asked_for(request: Request, identifier: str) -> Job:
    try:
        return request.app.state.jobs.get(identifier)
    except KeyError:
        raise HTTPException(404, 'This map is not kept any more; please start again') from None


AskedFor = Annotated[Job, Depends(_asked_for)]


@router.get('/models')
def models(request: Request) -> dict[str, Any]:
    """Tell which models there are, what they need, and what is accepted."""
    state = request.app.state
    cards = {name: model.card for name, model in state.models.items()}
    offered = [
        {'name': name, 'classes': card.classes, 'bands': max(card.bands), 'dtype': card.dtype}
        for name, card in cards.items()
    ]
    limits = {key: getattr(state.limits, key) for key in ('upload', 'pixels', 'keep')}
    return {'models': offered, **limits}


@router.post('/jobs', status_code=201)
def open_job(request: Request, model: str, name: str = Query(max_length=255)) -> dict[str, str]:
    """Make room for an image."""
    if model not in request.app.state.models:
        raise HTTPException(422, 'Expected one of the models that the page offers')
    try:
        job = request.app.state.jobs.open(model, _harmless(name))
    except BusyError:
        raise HTTPException(503, 'Other images are waiting; please try again later') from None
    return {'id': job.id}


@router.put('/jobs/{identifier}/image', status_code=202)
async def upload(request: Request, job: AskedFor) -> dict[str, Any]:
    """Take the image, and put the job in line if it is one that the model can work on."""
    state = request.app.state
    if not state.jobs.receive(job):
        raise HTTPException(409, 'This map has its image already')
    try:
        await receive(request.stream(), job, state.limits)
        await run_in_threadpool(check_upload, job.scene, state.models[job.model].card, state.limits)
        state.jobs.submit(job)
    except tuple(STATUSES) as error:
        status = next(code for kind, code in STATUSES.items() if isinstance(error, kind))
        detail = job.explain(error) or 'The upload stopped'
        # what is still coming is not read: a sender may never end
        raise HTTPException(status, detail, {'Connection': 'close'}) from None
    finally:
        if job.state == UPLOADING:
            state.jobs.remove(job)
            discard(job)
    return watch(request, job)


@router.get('/jobs/{identifier}')
def watch(request: Request, job: AskedFor) -> dict[str, Any]:
    """Tell how far a job is, and what came of it."""
    return {
        'state': job.state,
        'ahead': request.app.state.jobs.ahead_of(job),
        'fraction': job.fraction,
        'seconds_left': job.seconds_left(),
        'error': job.error,
        **job.result,
    }


@router.delete('/jobs/{identifier}', status_code=204, response_class=Response)
def cancel(request: Request, job: AskedFor) -> None:
    """Stop a job and remove its files."""
    request.app.state.jobs.remove(job)


@router.get('/jobs/{identifier}/{file}')
def send(job: AskedFor, file: str) -> FileResponse:
    """Send a file of a finished map."""
    if job.state != DONE or file not in FILES:
        raise HTTPException(404, 'There is no such file')
    return FileResponse(job.folder / FILES[file], filename=f'{Path(job.name).stem}_{file}')


def _harmless(name: str) -> str:
    """Keep of a file's name what is safe in any file system, and no folder."""
    last = re.split(r'[\\/]', name)[-1]
    return re.sub(r'[^\w.() -]', '_', last).strip('. ')[-100:] or 'image'


class Guard:
    """Refuses requests that pages of other sites make a browser send; adds headers to answers.

    A page can be given the server's address under a name of its own (DNS rebinding), so only
    addresses in digits, ``host`` and the machine's own names are answered. A request that another
    page makes states where that page is from in ``Origin`` (Fetch standard, section 3.1).
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app = app
        self.names = {'localhost', host.lower(), socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope['type'] != 'http':
            return await self.app(scope, receive, send)

        async def send_guarded(message: Message) -> None:
            if message['type'] == 'http.response.start':
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(Headers(scope=scope))
        answer = PlainTextResponse(refusal, 403) if refusal else self.app
        await answer(scope, receive, send_guarded)

    def _refusal(self, headers: Headers) -> str:
        host = headers.get('host', '')
        try:
            name = urlsplit(f'//{host}').hostname or ''
            if name not in self.names:
                ip_address(name)
        except ValueError:
            return 'expected the name or address of this server, got that of another'
        origin = headers.get('origin')
        if origin is not None and origin.partition('://')[2] != host:
            return 'expected a request of this page, got that of another'
        return ''

"""Requests of the page: a job is opened, gets its image, is watched and brings files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from .jobs import DONE, UPLOADING, BusyError, CancelledError, Job, Jobs, discard
from .mapping import FILES
from .uploads import TooLargeError, check_upload, receive

PAGE = Path(__file__).parent / 'page'
# the first that fits is taken
STATUSES = {
    TooLargeError: 413,
    ValueError: 422,
    TimeoutError: 408,
    OSError: 507,
    CancelledError: 410,
    ClientDisconnect: 410,
}
router = APIRouter()


@router.get('/')
def page() -> FileResponse:
    """Send the page."""
    return FileResponse(PAGE / 'index.html')


@router.get('/page.{suffix}')
def part_of_page(suffix: str) -> FileResponse:
    """Send its style, script or icon."""
    if suffix not in ('css', 'js', 'svg'):
        raise HTTPException(404, 'There is no such page')
    return FileResponse(PAGE / f'page.{suffix}')


@router.get('/api/models')
def models(request: Request) -> dict[str, Any]:
    """Tell which models there are, what they need, and what is accepted."""
    state = request.app.state
    offered = [
        {
            'name': name,
            'classes': model.card.classes,
            'bands': max(model.card.bands),
            'dtype': model.card.dtype,
        }
        for name, model in state.models.items()
    ]
    limits = {key: getattr(state.limits, key) for key in ('upload', 'pixels', 'keep')}
    return {'models': offered, **limits}


@router.post('/api/jobs', status_code=201)
def open_job(request: Request, model: str, name: str = Query(max_length=255)) -> dict[str, str]:
    """Make room for an image."""
    if model not in request.app.state.models:
        raise HTTPException(422, 'Expected one of the models that the page offers')
    try:
        job = _jobs(request).open(model, _harmless(name))
    except BusyError:
        raise HTTPException(503, 'Other images are waiting; please try again later') from None
    return {'id': job.id}


@router.put('/api/jobs/{identifier}/image', status_code=202)
async def upload(request: Request, identifier: str) -> dict[str, Any]:
    """Take the image, and put the job in line if it is one that the model can work on."""
    state, job = request.app.state, _job(request, identifier)
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
    return _told(state.jobs, job)


@router.get('/api/jobs/{identifier}')
def watch(request: Request, identifier: str) -> dict[str, Any]:
    """Tell how far a job is, and what came of it."""
    return _told(_jobs(request), _job(request, identifier))


@router.delete('/api/jobs/{identifier}', status_code=204)
def cancel(request: Request, identifier: str) -> Response:
    """Stop a job and remove its files."""
    _jobs(request).remove(_job(request, identifier))
    return Response(status_code=204)


@router.get('/api/jobs/{identifier}/{file}')
def send(request: Request, identifier: str, file: str) -> FileResponse:
    """Send a file of a finished map."""
    job = _job(request, identifier)
    if job.state != DONE or file not in FILES:
        raise HTTPException(404, 'There is no such file')
    return FileResponse(job.folder / FILES[file], filename=f'{Path(job.name).stem}_{file}')


def _jobs(request: Request) -> Jobs:
    return request.app.state.jobs


def _job(request: Request, identifier: str) -> Job:
    try:
        return _jobs(request).get(identifier)
    except KeyError:
        raise HTTPException(404, 'This map is not kept any more; please start again') from None


def _told(jobs: Jobs, job: Job) -> dict[str, Any]:
    return {
        'state': job.state,
        'ahead': jobs.ahead_of(job),
        'fraction': job.fraction,
        'seconds_left': job.seconds_left(),
        'error': job.error,
        **job.result,
    }


def _harmless(name: str) -> str:
    """Keep of a file's name what is safe in any file system, and no folder."""
    last = re.split(r'[\\/]', name)[-1]
    return re.sub(r'[^\w.() -]', '_', last).strip('. ')[-100:] or 'image'

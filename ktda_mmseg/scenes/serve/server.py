"""Running the application as a server of its own, which no idle connection blocks."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from contextlib import suppress

from ktda_mmseg.scenes.map.predictor import Predictor
from ktda_mmseg.utils.extras import needed_for

from .jobs import Limits

with needed_for('the page', extra='serve'):
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from .app import create_app

PATIENCE = 5  # seconds that open requests get at the end
CONNECTIONS = 64


def serve(models: Mapping[str, Predictor], host: str, port: int, limits: Limits) -> None:
    """Serve the page until the process is told to end, then remove what is left of uploads.

    Args:
        models (Mapping[str, Predictor]): At least one, by the names that the page shows.
        host (str): Address to listen at.
        port (int): Port to listen at; 0 for any that is free.
        limits (Limits): What visitors may ask for.
    """
    server = make_server(models, host, port, limits)
    logging.getLogger('uvicorn').addHandler(logging.StreamHandler())
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:  # it has said why
        sys.exit(1)


def make_server(
    models: Mapping[str, Predictor], host: str, port: int, limits: Limits
) -> uvicorn.Server:
    """Make the server that :func:`serve` runs."""
    config = uvicorn.Config(
        create_app(models, limits, host),
        host=host,
        port=port,
        http=type('Impatient', (Impatient,), dict(patience=limits.stall)),
        access_log=False,
        # uvicorn's own closes the log files of whatever else this process does
        log_config=None,
        log_level='info',
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=PATIENCE,
    )
    return uvicorn.Server(config)


class Impatient(H11Protocol):
    """uvicorn's protocol, which waits only so many seconds for a request to begin.

    uvicorn waits for ever until the head of a request is complete, at a connection that is new or
    has brought a part of one; and it counts such connections among those that it can have at once.
    """

    patience: float
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Stop waiting when a request has begun, and wait for the next one after it."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop()
        super().connection_lost(exc)

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _watch(self) -> None:
        if not self._is_between_requests():
            self._stop()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.patience, self._give_up)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self._is_between_requests():
            self.transport.close()

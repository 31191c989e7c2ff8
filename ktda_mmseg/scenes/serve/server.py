"""Running the application as a server of its own."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from ktda_mmseg.scenes.map.predictor import Predictor
from ktda_mmseg.utils.extras import needed_for

from .limits import Limits

if TYPE_CHECKING:
    import uvicorn

PATIENCE = 5  # seconds that open requests get at the end
CONNECTIONS = 64


def serve(models: Mapping[str, Predictor], host: str, port: int, limits: Limits) -> None:
    """Serve the page until the process is told to end, then remove what is left of uploads.

    Args:
        models (Mapping[str, Predictor]): At least one, by the names that the page shows.
        host (str): Address to listen at.
        port (int): Port to listen at; 0 for any that is free.
        limits (Limits): What visitors may ask for.

    Raises:
        ImportError: If FastAPI or uvicorn are not installed.
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
    """Make the server that :func:`serve` runs.

    Args:
        models (Mapping[str, Predictor]): As in :func:`serve`.
        host (str): As in :func:`serve`.
        port (int): As in :func:`serve`.
        limits (Limits): As in :func:`serve`.

    Raises:
        ImportError: If FastAPI or uvicorn are not installed.
    """
    with needed_for('the page', extra='serve'):
        import uvicorn

        from .app import create_app
        from .impatience import impatient
    config = uvicorn.Config(
        create_app(models, limits, host),
        host=host,
        port=port,
        http=impatient(limits.stall),
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

"""Running the application as a server of its own."""

from collections.abc import Mapping

from ktda_mmseg.inference.predictor import Predictor

from .limits import Limits

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
    try:
        import uvicorn

        from .app import create_app
    except ModuleNotFoundError as error:
        raise ImportError(f"the page needs {error.name}: pip install 'ktda-mmseg[serve]'") from None
    uvicorn.run(
        create_app(models, limits, host),
        host=host,
        port=port,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=PATIENCE,
    )

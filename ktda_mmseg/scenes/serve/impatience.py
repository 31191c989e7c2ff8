"""Connections that bring no request are closed, so that they keep nobody out."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


class Impatient(H11Protocol):
    """uvicorn's protocol, which waits only so long for a request to begin.

    uvicorn waits for ever until the head of a request is complete, at a connection that is new or
    has brought a part of one; and it counts such connections among those that it can have at once.

    Attributes:
        patience (float): Seconds to wait.
    """

    patience: float
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Stop waiting when a request has begun, and wait for the next one after it."""
        super().data_received(data)
        if not self._is_between_requests():
            self._stop_waiting()
        elif self._waiting is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        self._waiting = asyncio.get_running_loop().call_later(self.patience, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if self._is_between_requests():
            self.transport.close()


def impatient(patience: float) -> type[Impatient]:
    """Return a protocol that waits so many seconds for a request."""
    return type('Impatient', (Impatient,), dict(patience=patience))

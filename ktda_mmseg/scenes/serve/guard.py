"""Keeps other web pages away from the server, and the server's pages to themselves."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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

"""Files fetched over HTTP: resumed where a connection broke, verified when whole."""

import json
import re
import ssl
import sys
import time
from dataclasses import asdict, dataclass
from email.message import Message
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tqdm import tqdm

from ktda_mmseg.utils.files import CHUNK, hash_of, require_space, write_json

TRIES = 5  # in a row that bring no byte more than there was
PAUSE = 0.5  # seconds before a new try; doubled with each that brought nothing
_RANGE_REFUSED = 416
_TRY_LATER = (408, _RANGE_REFUSED, 429, 500, 502, 503, 504)
_CONTENT_RANGE = re.compile(r'bytes (\d+)-\d+/(\d+)')


def fetch(
    url: str, path: Path, sha256: str = '', timeout: float = 30.0, note: Path | None = None
) -> str:
    """Fetch a file, going on where the connection broke, and verify its size and hash.

    What is there of the file is continued only if the server confirms that it is still the same
    file (``If-Range``, RFC 9110 section 13.1.5) and sends the rest; otherwise it starts again. With
    ``note``, a file for what the server says of the version, a later call goes on with what an
    ended process left at ``path``. Without ``sha256`` (or its beginning), the hash is compared with
    what Hugging Face's hub states. Returns the hash; ``ValueError`` where nothing more comes in
    ``timeout`` seconds, or another file came, which is removed.
    """
    transfer = _Transfer(url, path, timeout, note)
    transfer.run()
    return transfer.verify(sha256)


@dataclass(frozen=True)
class _Version:
    """What tells a version of a file from the next; a part is continued only by its own."""

    url: str
    validator: str = ''  # a strong ETag or the time of the last change
    size: int | None = None  # bytes
    sha256: str = ''


class _HubRedirect(HTTPRedirectHandler):
    """Keeps the hash that Hugging Face's hub sends when it redirects to where a file lies.

    Source: ``X-Linked-ETag`` in huggingface_hub, ``file_download.py``; for a large file it is the
    SHA-256 that Git LFS knows the file by.
    """

    sha256 = ''

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Follow as usual."""
        linked = headers.get('X-Linked-ETag', '').strip('"')
        if re.fullmatch('[0-9a-f]{64}', linked):
            self.sha256 = linked
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Transfer:
    """One file on its way; see :func:`fetch`."""

    def __init__(self, url: str, path: Path, timeout: float, note: Path | None) -> None:
        self.path, self.timeout, self.note = path, timeout, note
        self.version = _Version(url)
        try:
            noted = _Version(**json.loads(note.read_bytes())) if note else self.version
        except (FileNotFoundError, ValueError, TypeError):
            return
        if noted.url == url:
            self.version = noted

    def run(self) -> None:
        """Try until the file is there, or nothing more comes."""
        url = self.version.url
        failures = furthest = 0
        while True:
            try:
                return self._try()
            except (OSError, HTTPException) as error:
                reached = _size(self.path)
                failures = 0 if reached > furthest else failures + 1
                furthest = max(furthest, reached)
                if failures == TRIES or not _passes(error):
                    raise ValueError(f'{url} could not be downloaded: {error}') from error
                if isinstance(error, HTTPError) and error.code == _RANGE_REFUSED:
                    self.path.unlink(missing_ok=True)
                pause = PAUSE * 2**failures
                tqdm.write(f'{url}: {error}; trying again in {pause:g} s', file=sys.stderr)
                time.sleep(pause)

    def verify(self, sha256: str) -> str:
        """Return the file's hash; remove the file and raise if it is another than expected."""
        expected, found = sha256 or self.version.sha256, hash_of(self.path)
        if self.note:
            self.note.unlink(missing_ok=True)
        if not found.startswith(expected):
            self.path.unlink()
            raise ValueError(
                f'{self.version.url}: expected SHA-256 {expected}..., '
                f'got {found[: len(expected)]}...; what came is discarded'
            )
        return found

    def _try(self) -> None:
        start = _size(self.path) if self.version.validator else 0
        if start and start == self.version.size:
            return
        rest = {'Range': f'bytes={start}-', 'If-Range': self.version.validator} if start else {}
        hub = _HubRedirect()
        request = Request(self.version.url, headers=rest)
        with build_opener(hub).open(request, timeout=self.timeout) as response:
            if response.status == 206:
                self._continue(response.headers, start)
            else:
                start = 0
                self._begin(response.headers, hub.sha256)
            size = self.version.size
            require_space(self.path.parent, (size or start) - start)
            progress = tqdm(
                total=size,
                initial=start,
                unit='B',
                unit_scale=True,
                desc=f'Downloading {self.version.url.rpartition("/")[2]}',
            )
            with self.path.open('ab') as file, progress:
                while chunk := response.read1(CHUNK):
                    file.write(chunk)
                    progress.update(len(chunk))
        if size is not None and _size(self.path) != size:
            raise ConnectionError(f'expected {size} bytes, got {_size(self.path)}')

    def _begin(self, headers: Message, sha256: str) -> None:
        # emptied before the note is written: no process finds old bytes under a new version
        self.path.write_bytes(b'')
        length = headers.get('Content-Length', '')
        size = int(length) if length.isdigit() else None
        self.version = _Version(self.version.url, _validator(headers), size, sha256)
        if self.note:
            write_json(self.note, asdict(self.version))

    def _continue(self, headers: Message, start: int) -> None:
        sent = _CONTENT_RANGE.fullmatch(headers.get('Content-Range', ''))
        if (
            not sent
            or int(sent[1]) != start
            or self.version.size not in (None, int(sent[2]))
            # a server may leave it out here, but not send another
            or _validator(headers) not in ('', self.version.validator)
        ):
            self.path.unlink()
            raise ConnectionError('the file has changed since its first part came')


def _validator(headers: Message) -> str:
    etag = headers.get('ETag', '')
    # If-Range takes no weak ETag, which promises the same meaning and not the same bytes
    return headers.get('Last-Modified', '') if etag.startswith('W/') or not etag else etag


def _passes(error: Exception) -> bool:
    if isinstance(error, HTTPError):
        return error.code in _TRY_LATER
    if isinstance(error, URLError):
        return isinstance(error.reason, OSError)
    return isinstance(error, (ConnectionError, TimeoutError, ssl.SSLError, HTTPException))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0

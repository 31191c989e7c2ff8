"""A server on loopback whose model tells dark from bright."""

import http.client
import io
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.serve.jobs import Limits

from ...waiting import wait_for
from .bright_or_dark import BrightOrDark


class Site:
    """A running server, asked over HTTP.

    Attributes:
        port: Where it listens.
        model: The predictor of the model 'rgb'.
        root: Folder of temporary files; empty but for what the server keeps.
    """

    def __init__(self, port: int, model: BrightOrDark, root: Path) -> None:
        self.port, self.model, self.root = port, model, root

    def ask(self, method, path, body=None, **headers):
        """Return status, headers and content, parsed where it is JSON."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=200)
        connection.request(method, path, body, headers, encode_chunked=True)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.headers.get_content_type() == 'application/json':
            content = json.loads(content)
        return answer.status, answer.headers, content

    def open(self, name='a.tif', model='rgb'):
        """Open a job and return its address."""
        status, _, content = self.ask('POST', f'/api/jobs?model={model}&name={quote(name)}')
        assert status == 201, content
        return f'/api/jobs/{content["id"]}'

    def send(self, path, name=None, model='rgb'):
        """Open a job, send a file and return the job's address, the status and the content."""
        job = self.open(name or path.name, model)
        status, _, content = self.ask('PUT', f'{job}/image', path.read_bytes())
        return job, status, content

    @contextmanager
    def begun(self, job):
        """Send the beginning of an image, and give the connection."""
        with socket.create_connection(('127.0.0.1', self.port)) as connection:
            head = f'PUT {job}/image HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\nII'
            connection.sendall(head.encode())
            connection.settimeout(200)
            yield connection

    def finished(self, path, model='rgb'):
        """Return the job of a file, and what is told of it, once its map is made."""
        job, status, content = self.send(path, model=model)
        assert status == 202, content
        return job, self.wait(job, 'done')

    def picture(self, job, name):
        """Return the pixels of a picture of a job."""
        return np.array(Image.open(io.BytesIO(self.ask('GET', f'{job}/{name}.png')[2])))

    def raster(self, job):
        """Return the open map of a job."""
        return pytest.importorskip('rasterio').open(
            io.BytesIO(self.ask('GET', f'{job}/map.tif')[2])
        )

    def is_gone(self, job):
        """Tell whether nothing is left of a job, nor of another one."""
        return self.ask('GET', job)[0] == 404 and not self.files()

    def wait(self, job, *states):
        """Return what is told of a job once it is in one of some states."""

        def told():
            answer = self.ask('GET', job)[2]
            return answer if answer['state'] in states else None

        return wait_for(told)

    def files(self):
        """Return all files that the server keeps."""
        return [path for path in self.root.rglob('*') if path.is_file()]


@pytest.fixture
def serving(tmp_path, monkeypatch) -> Iterator[Callable[..., Site]]:
    """Return a function that starts a server with some limits."""
    pytest.importorskip('fastapi', reason='the page needs the extra serve')
    pytest.importorskip('uvicorn', reason='the page needs the extra serve')
    pytest.importorskip('rasterio')
    from ktda_mmseg.scenes.serve.server import make_server

    root = tmp_path / 'temporary'
    root.mkdir()
    monkeypatch.setattr('tempfile.tempdir', str(root))

    @contextmanager
    def running(limits):
        models = {'rgb': BrightOrDark(), 'five bands': BrightOrDark(5, None)}
        server = make_server(models, '127.0.0.1', 0, limits)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        wait_for(lambda: server.started)
        yield Site(server.servers[0].sockets[0].getsockname()[1], models['rgb'], root)
        models['rgb'].gate.set()
        server.should_exit = True
        thread.join(30)
        assert not list(root.iterdir()), 'the server has left files behind'

    with ExitStack() as stack:
        yield lambda **limits: stack.enter_context(running(Limits(**limits)))


@pytest.fixture
def site(serving) -> Site:
    """A server with the default limits."""
    return serving()


@pytest.fixture
def tiff(tmp_path) -> Callable[..., Path]:
    """Return a function that writes bands ``(C, h, w)`` to a GeoTIFF."""
    rasterio = pytest.importorskip('rasterio')

    def tiff(name, pixels, **profile):
        count, height, width = pixels.shape
        shape = dict(height=height, width=width, count=count, dtype=pixels.dtype)
        with rasterio.open(tmp_path / name, 'w', driver='GTiff', **shape, **profile) as raster:
            raster.write(pixels)
        return tmp_path / name

    return tiff


@pytest.fixture
def scene(tiff) -> Path:
    """A georeferenced image, 100x80, bright in its right half, without data in a corner."""
    rasterio = pytest.importorskip('rasterio')
    pixels = np.full((3, 80, 100), 40, np.uint8)
    pixels[:, :, 50:] = 220
    pixels[:, :10, :20] = 0
    transform = rasterio.transform.from_origin(3e5, 2.7e6, 0.5, 0.5)
    return tiff('my scene.tif', pixels, nodata=0, crs='EPSG:32640', transform=transform)

"""A map comes of an image, and nothing stays of what is too much or given up."""

import socket
import time
from contextlib import ExitStack, nullcontext

import numpy as np
import pytest
from PIL import Image

from ...waiting import wait_for

rasterio = pytest.importorskip('rasterio')
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')


def test_a_map_has_the_place_and_the_classes_of_its_image(site, scene):
    job, status, told = site.send(scene)
    assert (status, told['state'] in ('waiting', 'running', 'done')) == (202, True)
    told = site.wait(job, 'done')
    assert (told['width'], told['height'], told['crs']) == (100, 80, 'EPSG:32640')
    assert [entry['name'] for entry in told['classes']] == ['dark', 'bright']
    assert [entry['colour'] for entry in told['classes']] == ['#141ec8', '#fadc28']
    shares = [entry['share'] for entry in told['classes']]
    assert shares == pytest.approx([3800 / 7800, 4000 / 7800])
    _, headers, _ = site.ask('GET', f'{job}/map.tif')
    assert headers['Content-Disposition'].endswith("filename*=utf-8''my%20scene_map.tif")
    with site.raster(job) as made, rasterio.open(scene) as given:
        assert (made.crs, made.transform, made.bounds) == (given.crs, given.transform, given.bounds)
        expected = np.where(given.read(1) > 127, 1, 0)
        expected[:10, :20] = made.nodata
        assert np.array_equal(made.read(1), expected)
    assert site.ask('GET', f'{job}/quicklook.png')[2].startswith(b'\x89PNG')
    for name, right in (('image', [220] * 3), ('overlay', [250, 220, 40])):
        pixels = site.picture(job, name)
        assert pixels.shape == (80, 100, 4)
        assert pixels[40, 90].tolist() == [*right, 255]
        assert pixels[5, 5, 3] == 0


def test_bands_of_any_type_are_shown(site, tiff):
    bands = np.linspace(0, 3e4, 5 * 40 * 40).reshape(5, 40, 40).astype(np.uint16)
    job, told = site.finished(tiff('five.tif', bands), model='five%20bands')
    assert told['crs'] is None
    pixels = site.picture(job, 'image')
    assert pixels[0, 0].tolist() == [0, 0, 0, 255] and pixels[-1, -1].tolist() == [255] * 4


def test_a_page_shows_data_where_the_map_has_them(site, tiff, tmp_path):
    """A colour whose red is the nodata value is a colour; those of a table are shown."""
    numbers = np.ones((40, 50), np.uint8)
    numbers[:5], numbers[5:9] = 0, 2
    stored = Image.fromarray(numbers, 'P')
    stored.putpalette([0, 0, 0, 220, 210, 200, 0, 90, 80])
    stored.save(tmp_path / 'table.png', transparency=0)
    colours = np.moveaxis(np.asarray(stored.convert('RGB')), -1, 0)
    for path in (tmp_path / 'table.png', tiff('three.tif', colours, nodata=0)):
        job, _ = site.finished(path)
        pixels = site.picture(job, 'image')
        assert (pixels[..., 3] == np.where(numbers, 255, 0)).all()
        assert pixels[6, 6].tolist() == [0, 90, 80, 255]
        with site.raster(job) as made:
            assert ((made.read(1) == 255) == (numbers == 0)).all()


def test_what_is_cancelled_leaves_nothing(site, scene):
    site.model.gate.clear()
    running, _, _ = site.send(scene)
    site.wait(running, 'running')
    waiting, _, _ = site.send(scene)
    assert site.ask('GET', waiting)[2]['ahead'] == 1
    for job in (waiting, running):
        assert site.ask('DELETE', job)[0] == 204
        assert site.ask('GET', job)[0] == 404
    site.model.gate.set()
    finished, _ = site.finished(scene)
    kept = {path.relative_to(site.root).parts[1] for path in site.files()}
    assert kept == {finished.rpartition('/')[2]}


def test_a_stream_is_stopped_at_the_limit(serving):
    site = serving(upload=1_000_000)
    sent = 0

    def endless():
        nonlocal sent
        while sent < 1_000_000_000:
            sent += 65_536
            yield bytes(65_536)

    job = site.open('large.tif')
    try:
        status, _, content = site.ask('PUT', f'{job}/image', endless())
        assert (
            status == 413 and content['detail'] == 'large.tif: expected at most 1.0 MB, found more'
        )
    except (ConnectionError, TimeoutError):
        pass  # the server has hung up, which the client may see before the answer
    assert sent < 100_000_000
    assert site.is_gone(job)


def test_an_upload_that_stalls_is_given_up(serving):
    site = serving(stall=0.2)
    job = site.open()
    with site.begun(job) as connection:
        assert connection.recv(100).startswith(b'HTTP/1.1 408')
    assert site.is_gone(job)


def test_an_upload_that_keeps_coming_may_take_long(serving, scene, monkeypatch):
    """A part comes more often than the time without a byte that is too long, for three of those."""
    monkeypatch.setattr('ktda_mmseg.scenes.serve.app.SWEEP', 0.05)
    site = serving(stall=1.0)
    content = scene.read_bytes()

    def slowly():
        step = len(content) // 29
        for start in range(0, len(content), step):
            time.sleep(0.1)
            yield content[start : start + step]

    job = site.open()
    assert site.ask('PUT', f'{job}/image', slowly())[0] == 202
    site.wait(job, 'done')


def test_connections_without_a_request_lock_nobody_out(serving):
    """As many as the server can have, new ones, half a request, and half of a second one."""
    from ktda_mmseg.scenes.serve.server import CONNECTIONS

    site = serving(stall=0.5)
    whole, half = b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', b'GET / HTTP/1.1\r\nHost: '
    with ExitStack() as stack:
        opened = []
        for number in range(CONNECTIONS):
            connection = socket.create_connection(('127.0.0.1', site.port))
            opened.append(stack.enter_context(connection))
            if number % 8 == 0:
                connection.sendall(whole)
                assert connection.recv(100).startswith(b'HTTP/1.1 200')
            if number % 2 == 0:
                connection.sendall(half)
        wait_for(lambda: site.ask('GET', '/')[0] == 200)
        for connection in opened:
            connection.settimeout(200)
            while connection.recv(65_536):  # until the server has closed it
                pass


@pytest.mark.parametrize('begun', [False, True])
def test_what_is_deleted_before_its_image_has_come_leaves_no_folder(site, begun):
    job = site.open()
    with site.begun(job) if begun else nullcontext() as connection:
        if begun:
            wait_for(site.files)
        assert site.ask('DELETE', job)[0] == 204
        if begun:  # what comes next finds nobody
            connection.sendall(b'more')
        wait_for(lambda: not list(site.root.glob('*/*')))


def test_what_is_opened_and_left_leaves_no_folder(serving, monkeypatch):
    monkeypatch.setattr('ktda_mmseg.scenes.serve.app.SWEEP', 0.05)
    site = serving(stall=0.2)
    job = site.open()
    wait_for(lambda: not list(site.root.glob('*/*')))
    assert site.ask('GET', job)[0] == 404


def test_an_upload_that_is_broken_off_is_forgotten(site):
    job = site.open()
    with site.begun(job):
        pass
    wait_for(lambda: site.is_gone(job))


def test_only_so_many_wait(serving, scene):
    site = serving(jobs=2)
    site.model.gate.clear()
    jobs = [site.send(scene)[0] for _ in range(2)]
    status, _, content = site.ask('POST', '/api/jobs?model=rgb&name=a.tif')
    assert (status, content['detail']) == (503, 'Other images are waiting; please try again later')
    site.ask('DELETE', jobs[1])
    jobs[1] = site.open()
    site.model.gate.set()
    site.wait(jobs[0], 'done')


def test_only_so_many_maps_are_kept(serving, scene):
    site = serving(jobs=1)
    first, second, third = (site.finished(scene)[0] for _ in range(3))
    assert site.ask('GET', first)[0] == 404
    assert {site.ask('GET', job)[0] for job in (second, third)} == {200}


def test_what_nobody_asks_after_is_removed(serving, scene, monkeypatch):
    monkeypatch.setattr('ktda_mmseg.scenes.serve.app.SWEEP', 0.05)
    site = serving(keep=0.5)
    site.finished(scene)
    wait_for(lambda: not site.files())

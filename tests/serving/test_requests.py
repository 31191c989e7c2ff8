"""A map comes of an image, and nothing else comes of what is too much, wrong or not one's own."""

import socket
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

rasterio = pytest.importorskip('rasterio')
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')


def image(path, shape=(8, 8, 3), **options):
    Image.fromarray(np.full(shape, 200, np.uint8)).save(path, **options)
    return path


def test_a_map_has_the_place_and_the_classes_of_its_image(site, scene, tmp_path):
    job, status, told = site.send(scene)
    assert (status, told['state'] in ('waiting', 'running', 'done')) == (202, True)
    told = site.wait(job, 'done')
    assert (told['width'], told['height'], told['crs']) == (100, 80, 'EPSG:32640')
    assert [entry['name'] for entry in told['classes']] == ['dark', 'bright']
    assert [entry['colour'] for entry in told['classes']] == ['#141ec8', '#fadc28']
    assert [entry['share'] for entry in told['classes']] == pytest.approx(
        [3800 / 7800, 4000 / 7800]
    )
    status, headers, content = site.ask('GET', f'{job}/map.tif')
    assert headers['Content-Disposition'].endswith("filename*=utf-8''my%20scene_map.tif")
    (tmp_path / 'map.tif').write_bytes(content)
    with rasterio.open(tmp_path / 'map.tif') as made, rasterio.open(scene) as given:
        assert (made.crs, made.transform, made.bounds) == (given.crs, given.transform, given.bounds)
        expected = np.where(given.read(1) > 127, 1, 0)
        expected[:10, :20] = made.nodata
        assert np.array_equal(made.read(1), expected)
    assert site.ask('GET', f'{job}/quicklook.png')[2].startswith(b'\x89PNG')


def test_the_pictures_show_image_and_map(site, scene, tmp_path):
    job, _, _ = site.send(scene)
    site.wait(job, 'done')
    for name, right in (('image', [220] * 3), ('overlay', [250, 220, 40])):
        (tmp_path / 'a.png').write_bytes(site.ask('GET', f'{job}/{name}.png')[2])
        pixels = np.array(Image.open(tmp_path / 'a.png'))
        assert pixels.shape == (80, 100, 4)
        assert pixels[40, 90].tolist() == [*right, 255]
        assert pixels[5, 5, 3] == 0


def test_bands_of_any_type_are_shown(site, tmp_path):
    bands = np.linspace(0, 3e4, 5 * 40 * 40).reshape(5, 40, 40).astype(np.uint16)
    path = tmp_path / 'five.tif'
    with rasterio.open(
        path, 'w', driver='GTiff', height=40, width=40, count=5, dtype='uint16'
    ) as raster:
        raster.write(bands)
    job, _, _ = site.send(path, model='five%20bands')
    assert site.wait(job, 'done')['crs'] is None
    (tmp_path / 'a.png').write_bytes(site.ask('GET', f'{job}/image.png')[2])
    pixels = np.array(Image.open(tmp_path / 'a.png'))
    assert pixels[0, 0].tolist() == [0, 0, 0, 255] and pixels[-1, -1].tolist() == [255] * 4


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
    finished, _, _ = site.send(scene)
    site.wait(finished, 'done')
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
    assert site.ask('GET', job)[0] == 404 and not site.files()


def test_an_upload_that_stalls_is_given_up(serving):
    site = serving(stall=0.2)
    job = site.open()
    with socket.create_connection(('127.0.0.1', site.port)) as connection:
        head = f'PUT {job}/image HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\nII'
        connection.sendall(head.encode())
        connection.settimeout(20)
        assert connection.recv(100).startswith(b'HTTP/1.1 408')
    assert site.ask('GET', job)[0] == 404 and not site.files()


def test_an_upload_that_is_broken_off_is_forgotten(site):
    job = site.open()
    with socket.create_connection(('127.0.0.1', site.port)) as connection:
        head = f'PUT {job}/image HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\nII'
        connection.sendall(head.encode())
    site.until(lambda: site.ask('GET', job)[0] == 404 and not site.files())


def refused(site, path, **options):
    """Send a file, and return why it is refused; nothing of it stays."""
    job, status, content = site.send(path, **options)
    assert status == 422, content
    assert site.ask('GET', job)[0] == 404 and not site.files()
    assert str(site.root) not in content['detail']
    return content['detail']


def test_an_image_that_would_burst_memory_is_refused_by_its_header(site, tmp_path):
    """10,000,000,000 black pixels in 80 bytes: libpng would inflate them."""
    chunks = [(b'IHDR', struct.pack('>IIBBBBB', 100_000, 100_000, 8, 2, 0, 0, 0))]
    chunks += [(b'IDAT', zlib.compress(bytes(99))), (b'IEND', b'')]
    content = b'\x89PNG\r\n\x1a\n'
    for name, data in chunks:
        content += struct.pack('>I', len(data)) + name + data
        content += struct.pack('>I', zlib.crc32(name + data))
    (tmp_path / 'bomb.png').write_bytes(content)
    detail = refused(site, tmp_path / 'bomb.png')
    assert detail == 'bomb.png: expected at most 150,000,000 pixels, found 100,000 x 100,000'


def test_a_list_of_files_in_an_images_clothes_is_refused(site, tmp_path):
    secret = image(tmp_path / 'secret.png')
    with rasterio.open(secret) as raster:
        rasterio.shutil.copy(raster, tmp_path / 'a.vrt', driver='VRT')
    (tmp_path / 'a.vrt').rename(tmp_path / 'a.tif')
    with rasterio.open(tmp_path / 'a.tif') as raster:
        assert raster.read().max() == 200  # GDAL follows it
    detail = refused(site, tmp_path / 'a.tif')
    assert detail == 'a.tif: expected a GeoTIFF, PNG or JPEG, found another kind of file'


@pytest.mark.parametrize(
    ('shape', 'model', 'detail'),
    [
        ((8, 8), 'rgb', 'a.png: expected bands (1, 2, 3), found 1 bands'),
        ((8, 8, 3), 'five%20bands', 'a.png: expected bands (1, 2, 3, 4, 5), found 3 bands'),
    ],
)
def test_too_few_bands_are_refused(site, tmp_path, shape, model, detail):
    assert refused(site, image(tmp_path / 'a.png', shape), model=model) == detail


def test_another_type_is_refused(site, tmp_path):
    Image.fromarray(np.zeros((8, 8), np.uint16)).save(tmp_path / 'deep.png')
    with rasterio.open(
        tmp_path / 'deep.tif', 'w', driver='GTiff', height=8, width=8, count=3, dtype='uint16'
    ) as raster:
        raster.write(np.zeros((3, 8, 8), np.uint16))
    assert "of type uint8, found ['uint16']" in refused(site, tmp_path / 'deep.tif')


def test_a_damaged_file_is_told_so_by_its_name(site, scene):
    whole = scene.read_bytes()
    scene.write_bytes(whole[: len(whole) // 2])
    job, status, content = site.send(scene, '../../etc/my "scene".tif')
    if status == 202:
        told = site.wait(job, 'failed', 'done')
        assert told['state'] == 'failed'
        content = {'detail': told['error']}
    assert content['detail'].startswith('my _scene_.tif: expected a complete raster, found: ')
    assert str(site.root) not in content['detail']
    site.ask('DELETE', job)
    assert not site.files()


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
    first, second, third = (finished(site, scene) for _ in range(3))
    assert site.ask('GET', first)[0] == 404
    assert {site.ask('GET', job)[0] for job in (second, third)} == {200}


def finished(site, scene):
    job, _, _ = site.send(scene)
    site.wait(job, 'done')
    return job


def test_what_nobody_asks_after_is_removed(serving, scene, monkeypatch):
    monkeypatch.setattr('ktda_mmseg.serving.app.SWEEP', 0.05)
    site = serving(keep=0.5)
    finished(site, scene)
    site.until(lambda: not site.files())


@pytest.mark.parametrize(
    'headers',
    [
        {'Host': 'evil.example'},
        {'Host': 'evil.example:8000'},
        {'Host': ''},
        {'Host': '[::1'},
        {'Origin': 'https://evil.example'},
        {'Origin': 'http://localhost:1'},
        {'Origin': 'null'},
        {'Origin': 'http://['},
    ],
)
def test_other_sites_are_kept_away(site, headers):
    for method, path in (
        ('GET', '/'),
        ('GET', '/api/models'),
        ('POST', '/api/jobs?model=rgb&name=a'),
    ):
        status, _, content = site.ask(method, path, **headers)
        assert status == 403 and b'rgb' not in content
    assert len(list(site.root.glob('*/*'))) == 0


@pytest.mark.parametrize('host', ['localhost', '127.0.0.1', '[::1]'])
def test_the_page_itself_is_let_in(site, host):
    address = f'{host}:{site.port}'
    status, _, _ = site.ask(
        'POST', '/api/jobs?model=rgb&name=a', Host=address, Origin=f'http://{address}'
    )
    assert status == 201


def test_every_answer_is_guarded(site):
    paths = ['/', '/page.js', '/page.css', '/page.svg', '/page.html', '/api/models', '/api/jobs/x']
    for path in [*paths, '/docs', '/openapi.json', '/../app.py', '/page.js/../../app.py']:
        status, headers, _ = site.ask('GET', path)
        assert (status == 200) == (path in ('/', *paths[1:4], '/api/models')), path
        assert "default-src 'none'" in headers['Content-Security-Policy']
        assert headers['X-Content-Type-Options'] == 'nosniff'


def test_only_files_of_a_finished_map_are_sent(site, scene):
    site.model.gate.clear()
    job, _, _ = site.send(scene)
    assert site.ask('GET', f'{job}/map.tif')[0] == 404
    assert site.ask('PUT', f'{job}/image', b'II')[0] == 409
    site.model.gate.set()
    site.wait(job, 'done')
    for name in ('scene', 'map', 'scene.json', '..%2f..%2fscene', '%2e%2e'):
        assert site.ask('GET', f'{job}/{name}')[0] == 404
    assert site.ask('POST', '/api/jobs?model=none&name=a')[0] == 422

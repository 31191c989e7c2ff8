"""What is wrong, hostile or not one's own is refused, and nothing of it stays."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

rasterio = pytest.importorskip('rasterio')
rasterio_shutil = pytest.importorskip('rasterio.shutil')
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')


def image(path, shape=(8, 8, 3), **options):
    Image.fromarray(np.full(shape, 200, np.uint8)).save(path, **options)
    return path


def refused(site, path, **options):
    """Send a file, and return why it is refused; nothing of it stays."""
    job, status, content = site.send(path, **options)
    assert status == 422, content
    assert site.is_gone(job)
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
        rasterio_shutil.copy(raster, tmp_path / 'a.vrt', driver='VRT')
    (tmp_path / 'a.vrt').rename(tmp_path / 'a.tif')
    with rasterio.open(tmp_path / 'a.tif') as raster:
        assert raster.read().max() == 200  # GDAL follows it
    detail = refused(site, tmp_path / 'a.tif')
    assert detail == 'a.tif: expected a GeoTIFF, PNG or JPEG, found another kind of file'


@pytest.mark.parametrize(
    ('shape', 'model', 'detail'),
    [
        (
            (8, 8),
            'rgb',
            'a.png: expected bands (1, 2, 3), found 1 bands; the image is grey: choose the one in '
            'colours',
        ),
        ((8, 8, 3), 'five%20bands', 'a.png: expected bands (1, 2, 3, 4, 5), found 3 bands'),
    ],
)
def test_too_few_bands_are_refused(site, tmp_path, shape, model, detail):
    assert refused(site, image(tmp_path / 'a.png', shape), model=model) == detail


def test_a_palette_counts_as_its_colours(site, tmp_path):
    """Mapped by the colours, not by their numbers; and as three bands where more are needed."""
    Image.fromarray(np.full((8, 8, 3), 200, np.uint8)).quantize(4).save(tmp_path / 'a.png')
    assert Image.open(tmp_path / 'a.png').mode == 'P'
    job, told = site.finished(tmp_path / 'a.png')
    assert [entry['share'] for entry in told['classes']] == [0, 1]
    site.ask('DELETE', job)
    detail = refused(site, tmp_path / 'a.png', model='five%20bands')
    assert detail == 'a.png: expected bands (1, 2, 3, 4, 5), found 3 bands'


def test_another_type_is_refused(site, tiff):
    deep = tiff('deep.tif', np.zeros((3, 8, 8), np.uint16))
    assert "of type uint8, found ['uint16']" in refused(site, deep)


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
    files = ['/', '/base.css', '/page.js', '/page.css', '/page.svg', '/api/models']
    paths = [*files, '/page.html', '/api/jobs/x']
    for path in [*paths, '/docs', '/openapi.json', '/../app.py', '/page.js/../../app.py', '/%00']:
        status, headers, _ = site.ask('GET', path)
        assert (status == 200) == (path in files), path
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

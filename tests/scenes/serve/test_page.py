"""A person maps an image, in a real browser."""

import re
import shutil
from base64 import b64encode

import pytest
from PIL import Image

from ...waiting import wait_for

sync_api = pytest.importorskip('playwright.sync_api', reason='drives a browser with playwright')
rasterio = pytest.importorskip('rasterio')
expect = sync_api.expect
PATIENCE = 200_000  # milliseconds, on a busy machine
expect.set_options(timeout=PATIENCE)
# what a file manager hands over when its file is dropped
DROP = """([zone, name, content]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name));
    for (const type of ['dragover', 'drop']) {
        zone.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }
}"""


@pytest.fixture(scope='module')
def chromium():
    path = shutil.which('chromium') or shutil.which('chromium-browser')
    if path is None:
        pytest.skip('there is no chromium on this machine')
    with sync_api.sync_playwright() as playwright:
        # the sandbox needs what containers often lack
        with playwright.chromium.launch(executable_path=path, args=['--no-sandbox']) as browser:
            yield browser


@pytest.fixture
def page(chromium, site):
    """The page, which asks no other server and reports no error of its script."""
    own = f'http://127.0.0.1:{site.port}/'
    page = chromium.new_page(viewport=dict(width=390, height=844))
    page.set_default_timeout(PATIENCE)
    asked, errors = [], []
    page.on('request', lambda request: asked.append(request.url))
    page.on('pageerror', lambda error: errors.append(error))
    page.goto(own)
    yield page
    page.close()
    assert not errors
    assert {url[: len(own)] for url in asked} == {own}


def drop(page, path):
    content = b64encode(path.read_bytes()).decode()
    zone = page.locator('#drop').element_handle()
    page.evaluate(DROP, [zone, path.name, content])


def start(page):
    page.get_by_role('button', name='Make the map').click()


def test_an_image_becomes_a_map_that_lies_where_it_lay(page, site, scene, tmp_path):
    drop(page, scene)
    expect(page.get_by_text('my scene.tif')).to_be_visible()
    page.get_by_label('Model').select_option('rgb')
    site.model.gate.clear()
    start(page)
    expect(page.get_by_role('progressbar')).to_be_visible()
    expect(page.get_by_text('Mapping', exact=True).first).to_be_visible()
    site.model.gate.set()
    expect(page.get_by_role('heading', name='Map of my scene.tif')).to_be_focused()

    rows = page.get_by_role('table', name='Classes').get_by_role('row')
    expect(rows).to_have_text([re.compile('Class'), 'dark48.7 %', 'bright51.3 %'])
    swatch = rows.nth(2).locator('.swatch')
    expect(swatch).to_have_css('background-color', 'rgb(250, 220, 40)')
    overlay = page.get_by_alt_text('Its classes in the colours of the legend, laid over it')
    expect(overlay).to_have_css('opacity', '0.6')
    assert overlay.evaluate('image => [image.naturalWidth, image.naturalHeight]') == [100, 80]
    page.get_by_label('Map over image').press('Home')
    expect(overlay).to_have_css('opacity', '0')
    page.get_by_label('Map over image').press('ArrowRight')
    expect(overlay).to_have_css('opacity', '0.01')

    with page.expect_download() as download:
        page.get_by_role('link', name='Download the map').click()
    assert download.value.suggested_filename == 'my scene_map.tif'
    download.value.save_as(tmp_path / 'map.tif')
    with rasterio.open(tmp_path / 'map.tif') as made, rasterio.open(scene) as given:
        assert made.crs == given.crs and made.crs.to_epsg() == 32640
        assert made.transform == given.transform and made.shape == given.shape
    with page.expect_download() as download:
        page.get_by_role('link', name='Quick-look').click()
    assert Image.open(download.value.path()).format == 'PNG'

    page.goto('about:blank')
    wait_for(lambda: not site.files())


def test_what_is_wrong_is_one_sentence(page, site, scene, tmp_path):
    start(page)
    alert = page.get_by_role('alert')
    expect(alert).to_have_text('Choose an image first.')
    page.get_by_label('Model').select_option('five bands')
    expect(page.get_by_text('Needs at least 5 bands. Finds: dark, bright.')).to_be_visible()
    drop(page, scene)
    expect(alert).to_be_hidden()
    start(page)
    sentence = 'my scene.tif: expected bands (1, 2, 3, 4, 5), found 3 bands.'
    expect(alert).to_have_text(sentence)
    expect(alert).to_be_focused()
    (tmp_path / 'note.txt').write_text('no image')
    drop(page, tmp_path / 'note.txt')
    start(page)
    expect(alert).to_contain_text('note.txt: expected a GeoTIFF, PNG or JPEG')


def test_work_can_be_cancelled_by_keyboard(page, site, scene):
    site.model.gate.clear()
    page.get_by_label('Drop an image here').set_input_files(scene)
    page.get_by_role('button', name='Make the map').press('Enter')
    expect(page.get_by_role('button', name='Cancel')).to_be_focused()
    expect(page.get_by_text('Mapping', exact=True).first).to_be_visible()
    page.keyboard.press('Enter')
    expect(page.get_by_role('progressbar')).to_be_hidden()
    expect(page.get_by_role('button', name='Make the map')).to_be_focused()
    site.model.gate.set()
    wait_for(lambda: not site.files())


def test_it_fits_a_phone(page, site, scene):
    drop(page, scene)
    start(page)
    expect(page.get_by_role('table')).to_be_visible()
    assert page.evaluate('document.documentElement.scrollWidth') <= 390

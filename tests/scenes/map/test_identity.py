"""A scene is known by what all its files hold, wherever they lie."""

import os
import shutil
import zipfile

import numpy as np
import pytest

from ktda_mmseg.scenes.map.identity import identity_of
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer

from .test_scene_inferencer import read

rasterio = pytest.importorskip('rasterio')
from rasterio.shutil import copy  # noqa: E402

pytestmark = pytest.mark.filterwarnings('ignore:Dataset has no geotransform')
PAM = '<PAMDataset><PAMRasterBand band="1">{}</PAMRasterBand></PAMDataset>'
STATISTICS = (
    '<Histograms><HistItem><HistCounts>1|2</HistCounts></HistItem></Histograms>'
    '<Metadata><MDI key="STATISTICS_MAXIMUM">9</MDI></Metadata>'
)


@pytest.fixture
def mosaic(write, tmp_path):
    """Return a VRT of a VRT of a GeoTIFF, with a mask and overviews beside each."""
    bands = np.random.default_rng(0).integers(1, 30000, (2, 60, 50)).astype(np.uint16)
    source = write(bands, 'source.tif')
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(source, 'r+') as raster:
        raster.write_mask(np.ones((60, 50), bool))
    with rasterio.Env(TIFF_USE_OVR=True), rasterio.open(source, 'r+') as raster:
        raster.build_overviews([2])
    copy(source, tmp_path / 'inner.vrt', driver='VRT')
    text = (tmp_path / 'inner.vrt').read_text()
    (tmp_path / 'scene.vrt').write_text(text.replace('source.tif', 'inner.vrt'))
    return tmp_path / 'scene.vrt'


def later(path):
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))


def end_byte(path):
    """Change the last byte, and neither size nor time."""
    status, content = path.stat(), path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def nodata(path):
    path.with_name('source.tif.aux.xml').write_text(PAM.format('<NoDataValue>5</NoDataValue>'))


CHANGES = {
    'VRT': lambda folder: (folder / 'scene.vrt').open('a').write('\n'),
    'inner VRT': lambda folder: later(folder / 'inner.vrt'),
    'source': lambda folder: later(folder / 'source.tif'),
    'source at the same time': lambda folder: end_byte(folder / 'source.tif'),
    'mask': lambda folder: later(folder / 'source.tif.msk'),
    'no mask': lambda folder: (folder / 'source.tif.msk').unlink(),
    'overviews': lambda folder: later(folder / 'source.tif.ovr'),
    'aux.xml': lambda folder: nodata(folder / 'source.tif'),
    'aux.xml of the VRT': lambda folder: (folder / 'scene.vrt.aux.xml').write_text(
        PAM.format(STATISTICS + '<Metadata><MDI key="a">b</MDI></Metadata>')
    ),
}


@pytest.mark.parametrize('change', CHANGES.values(), ids=CHANGES)
def test_each_file_counts(mosaic, change):
    before = identity_of(mosaic)
    assert before['files'] == len(list(mosaic.parent.iterdir())) and identity_of(mosaic) == before
    change(mosaic.parent)
    assert identity_of(mosaic) != before


def test_statistics_do_not_count(mosaic):
    """QGIS writes them beside every scene that it shows, a map's included."""
    before = identity_of(mosaic)
    for name in ('scene.vrt', 'source.tif'):
        (mosaic.parent / f'{name}.aux.xml').write_text(PAM.format(STATISTICS))
    assert identity_of(mosaic) == before


def test_sources_in_an_archive_count(write, mosaic):
    folder = mosaic.parent
    with zipfile.ZipFile(folder / 'tiles.zip', 'w') as archive:
        archive.write(folder / 'source.tif', 'deep/source.tif')
    text = (folder / 'inner.vrt').read_text().replace(' relativeToVRT="1"', '')
    text = text.replace('relativeToVRT="1"', '')
    mosaic.write_text(text.replace('source.tif', f'/vsizip/{folder}/tiles.zip/deep/source.tif'))
    before = identity_of(mosaic)
    later(folder / 'tiles.zip')
    assert identity_of(mosaic) != before


@pytest.mark.parametrize('ended', [True, False], ids=['done', 'begun'])
def test_a_folder_that_was_moved_goes_on(brightest, mosaic, tmp_path, ended):
    """The same scenes and maps, mounted elsewhere."""
    here, there = tmp_path / 'here', tmp_path / 'there'
    here.mkdir()
    for path in [path for path in tmp_path.iterdir() if path.is_file()]:
        path.rename(here / path.name)
    brightest.fails_after = None if ended else 3
    try:
        SceneInferencer(brightest)([here / 'scene.vrt'], here / 'out')
    except KeyboardInterrupt:
        pass
    done, brightest.calls, brightest.fails_after = brightest.calls, 0, None
    shutil.copytree(here, there)
    shutil.rmtree(here)
    (result,) = SceneInferencer(brightest)([there / 'scene.vrt'], there / 'out')
    assert result.error is None and result.kept == ended
    goes_on, brightest.calls = brightest.calls, 0
    (alone,) = SceneInferencer(brightest)([there / 'scene.vrt'], tmp_path / 'alone')
    assert (read(result.files['map']) == read(alone.files['map'])).all()
    assert goes_on == 0 if ended else goes_on < brightest.calls < done + goes_on
    # what then changes is noticed
    later(there / 'source.tif.msk')
    (result,) = SceneInferencer(brightest)([there / 'scene.vrt'], there / 'out')
    assert result.error is None and not result.kept

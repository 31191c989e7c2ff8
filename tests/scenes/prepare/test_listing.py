"""What GDAL reads is taken from a folder and its sub-folders, and what is not taken is said."""

import numpy as np
import pytest

from ktda_mmseg.raster.files import open_raster
from ktda_mmseg.scenes.prepare.listing import raster_files, walk

rasterio = pytest.importorskip('rasterio')
DRIVERS = {
    'a.jp2': 'JP2OpenJPEG', 'b.img': 'HFA', 'c.bsq': 'ENVI', 'd.dat': 'ENVI', 'e': 'ENVI',
    'f.v2': 'ENVI', 'g.bil': 'EHdr', 'h.gpkg': 'GPKG', 'i.asc': 'AAIGrid', 'j.bmp': 'BMP',
}  # fmt: skip


def write(path, driver='GTiff', value=7):
    path.parent.mkdir(parents=True, exist_ok=True)
    transform = rasterio.transform.from_origin(5e5, 5e6, 10, 10)
    shape = dict(width=20, height=20, count=1, dtype='uint8')
    place = dict(crs='EPSG:32632', transform=transform)
    with rasterio.open(path, 'w', driver=driver, **shape, **place) as raster:
        raster.write(np.full((1, 20, 20), value, np.uint8))
    return path


def test_a_folder_of_every_format(tmp_path):
    for name, driver in DRIVERS.items():
        write(tmp_path / name, driver)
    (tmp_path / 'f.hdr').rename(tmp_path / 'f.v2.hdr')
    for name in ('notes.txt', 'raw.dat', '.hidden.tif', 'a.jp2.aux.xml', 'b.ovr', 'k.tfw'):
        (tmp_path / name).write_text('text')
    (tmp_path / 'vector.gpkg').write_bytes(b'SQLite format 3\0')
    listing = raster_files(tmp_path)
    assert [*listing.files] == ['a', 'b', 'c', 'd', 'e', 'f.v2', 'g', 'h', 'i', 'j']
    for path in listing.files.values():
        with open_raster(path) as raster:
            assert raster.driver == DRIVERS[path.name]
    (note,) = listing.notes()
    assert note.startswith(f'{tmp_path}: 3 files left out, no rasters')
    assert note.endswith(': notes.txt, raw.dat, vector.gpkg')


def test_sub_folders_links_and_what_is_apart(tmp_path):
    for name in ('a.tif', 'north/a.tif', 'north/deep/b.tif', 'out/a.tif', '.git/a.tif'):
        write(tmp_path / 'in' / name)
    (tmp_path / 'in' / 'linked').symlink_to(write(tmp_path / 'far' / 'c.tif').parent)
    (tmp_path / 'in' / 'north' / 'up').symlink_to(tmp_path / 'in')
    files = raster_files(tmp_path / 'in', apart=[tmp_path / 'in' / 'out']).files
    assert [*files] == ['a', 'linked/c', 'north/a', 'north/deep/b']
    assert len([*walk(tmp_path / 'in')]) == 5


def test_what_a_vrt_is_made_of_is_in_it_already(tmp_path):
    for name in ('r.tif', 'other.tif'):
        write(tmp_path / name)
    band = '<VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename '
    band += 'relativeToVRT="1">r.tif</SourceFilename></SimpleSource></VRTRasterBand>'
    dataset = f'<VRTDataset rasterXSize="20" rasterYSize="20">{band}</VRTDataset>'
    (tmp_path / 'whole.vrt').write_text(dataset)
    listing = raster_files(tmp_path)
    assert [*listing.files] == ['other', 'whole']
    assert listing.notes() == [
        f'{tmp_path}: 1 files left out, in a VRT of the folder already: r.tif'
    ]


@pytest.mark.parametrize(
    ('pattern', 'names'),
    [
        ('*_image', ['1', 'x/1']),
        ('image_*', ['3']),
        ('*/s/image', ['y']),
        ('*_r_*', ['2_b']),
        ('*.png', ['2_r_b']),
    ],
)
def test_patterns_of_names(tmp_path, pattern, names):
    for name in ('1_image.tif', 'x/1_image.tif', 'image_3.tif', 'y/s/image.tif'):
        write(tmp_path / name)
    write(tmp_path / '2_r_b.png', 'PNG')
    listing = raster_files(tmp_path, pattern)
    assert [*listing.files] == names
    assert f'{5 - len(names)} files left out, not named {pattern}: ' in listing.notes()[0]
    with pytest.raises(ValueError, match=r"names with \*, such as '\*_mask', got '_mask'"):
        raster_files(tmp_path, '_mask')


def test_names_of_gdal(tmp_path, monkeypatch):
    """Sub-datasets and members of archives have the name, the path and the pixels of their own."""
    from zipfile import ZipFile

    import rasterio.shutil

    from ktda_mmseg.raster.names import file_of, seen_from, stem_of

    package = write(tmp_path / 'my maps.gpkg', 'GPKG')
    options = dict(driver='GPKG', raster_table='second', append_subdataset='yes')
    shape = dict(width=20, height=20, count=1, dtype='uint8', crs='EPSG:32632')
    transform = rasterio.transform.from_origin(5e5, 5e6, 10, 10)
    with rasterio.open(package, 'w', **options, **shape, transform=transform) as raster:
        raster.write(np.full((1, 20, 20), 3, np.uint8))
    with pytest.raises(ValueError, match=r'my maps\.gpkg: expected one raster.*GPKG:.*:second'):
        with open_raster(package):
            pass
    with ZipFile(tmp_path / 'z.zip', 'w') as archive:
        archive.write(write(tmp_path / 'inner.tif', value=5), 'deep/inner.tif')
    rasterio.shutil.copy(tmp_path / 'inner.tif', tmp_path / 'n.nc', driver='netCDF', format='NC4')
    monkeypatch.chdir(tmp_path.parent)
    for text, name, value, container in (
        (f'GPKG:{package}:second', 'my maps_second', 3, package),
        (f'/vsizip/{tmp_path}/z.zip/deep/inner.tif', 'inner', 5, tmp_path / 'z.zip'),
        ('NETCDF:"n.nc":Band1', 'n_Band1', 5, tmp_path / 'n.nc'),
        (f'HDF5:"{tmp_path}/n.nc"://Band1', 'n_Band1', 5, tmp_path / 'n.nc'),
        ('HDF5:n.nc://Band1', 'n_Band1', 5, tmp_path / 'n.nc'),
        (f'/vsizip/{tmp_path.name}/z.zip/deep/inner.tif', 'inner', 5, None),
    ):
        ((found, path),) = raster_files(seen_from(tmp_path, text)).files.items()
        assert found == name == stem_of(path)
        assert file_of(path).samefile(container or tmp_path / 'z.zip')
        with open_raster(path) as raster:
            assert raster.read(1)[0, 0] == value
    assert str(seen_from(tmp_path, 'GPKG:my maps.gpkg:second')) == f'GPKG:{package}:second'
    with pytest.raises(FileNotFoundError, match='GPKG:none.gpkg:a: expected a raster'):
        raster_files(seen_from(tmp_path, 'GPKG:none.gpkg:a'))

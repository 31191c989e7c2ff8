"""Scenes are found whichever way they are named, and no two of them get the same map."""

import json
from urllib.parse import quote

import pytest

from ktda_mmseg.scenes.map.sources import find_references, find_scenes

pytest.importorskip('rasterio')


@pytest.fixture
def folder(tmp_path):
    """Empty files a.tif, b.tif, deep/c.tif and notes."""
    (tmp_path / 'deep').mkdir()
    for name in ('b.tif', 'a.tif', 'deep/c.tif', 'notes.md'):
        (tmp_path / name).touch()
    return tmp_path


def test_files_folders_globs_and_lists(folder):
    a, b, c = folder / 'a.tif', folder / 'b.tif', folder / 'deep' / 'c.tif'
    assert find_scenes([b]) == {'b': b}
    assert list(find_scenes([folder]).items()) == [('a', a), ('b', b), ('deep__c', c)]
    assert find_scenes([folder], apart=[folder / 'deep']) == {'a': a, 'b': b}
    assert list(find_scenes([f'{folder}/**/*.tif'])) == ['a', 'b', 'c']
    listing = folder / 'list.txt'
    listing.write_text('deep/c.tif\n\n a.tif \nb*.tif\n')
    assert find_scenes([listing]) == {'c': c, 'a': a, 'b': b}
    assert list(find_scenes([b, folder])) == ['b', 'a', 'deep__c'], 'a scene counts once'
    for encoding in ('utf-8-sig', 'utf-16'):
        listing.write_bytes('deep/c.tif\r\nb.tif\r\n'.encode(encoding))
        assert find_scenes([listing]) == {'c': c, 'b': b}
    odd = folder / 'x[1].tif'
    odd.touch()
    assert find_scenes([odd]) == {'x[1]': odd}


def test_a_folder_of_any_format_and_names_of_gdal(folder, capsys):
    rasterio = pytest.importorskip('rasterio')
    shape = dict(width=4, height=4, count=1, dtype='uint8')
    for name, driver in (('e.jp2', 'JP2OpenJPEG'), ('f', 'ENVI'), ('g.img', 'HFA')):
        with rasterio.open(folder / name, 'w', driver=driver, **shape):
            pass
    assert list(find_scenes([folder])) == ['a', 'b', 'deep__c', 'e', 'f', 'g']
    told = capsys.readouterr().err.splitlines()
    assert told == [f'{folder}: 1 files left out, no rasters, or without the .hdr that says how to '
                    'read them: notes.md']  # fmt: skip
    listing = folder / 'list.txt'
    listing.write_text('GTIFF_DIR:1:e.jp2\nf\n')
    inside = str(find_scenes([listing])['e'])
    assert inside == f'GTIFF_DIR:1:{folder}/e.jp2'
    assert set(find_references(folder, ['deep__c', 'f'])) == {'deep__c', 'f'}


def test_two_scenes_of_one_name_are_refused(folder):
    (folder / 'deep' / 'a.tif').touch()
    with pytest.raises(ValueError, match=r'different names.* found .*a\.tif and .*deep/a\.tif'):
        find_scenes([folder, folder / 'deep'])


@pytest.mark.parametrize('source', ['none.tif', 'none/*.tif', 'none', 'none.json', 'none.txt'])
def test_what_is_not_there_is_named(folder, source):
    with pytest.raises(FileNotFoundError, match=source.replace('*', r'\*')):
        find_scenes([folder / source])


def item(name, **assets):
    return dict(
        type='Feature',
        stac_version='1.0.0',
        id=name,
        geometry=None,
        properties=dict(datetime='2024-01-01T00:00:00Z'),
        links=[],
        assets=assets,
    )


@pytest.fixture
def collection(folder):
    """Write a STAC item collection of given items."""
    pytest.importorskip('pystac')

    def write(*items):
        path = folder / 'items.json'
        path.write_text(json.dumps(dict(type='FeatureCollection', features=items)))
        return path

    return write


def test_items_of_a_stac_collection(folder, collection):
    path = collection(
        item('one', image=dict(href='./a.tif', roles=['data']), look=dict(href='a.png')),
        item('two', image=dict(href=f'file://{folder}/b.tif', roles=['data'])),
    )
    scenes = find_scenes([path])
    assert list(scenes) == ['one', 'two']
    assert scenes['one'].samefile(folder / 'a.tif') and scenes['two'].samefile(folder / 'b.tif')
    path = collection(item('one', red=dict(href='a.tif'), all=dict(href='deep/c.tif')))
    assert find_scenes([path], asset='all')['one'].samefile(folder / 'deep' / 'c.tif')


@pytest.mark.parametrize(
    ('one', 'message'),
    [
        (item('x', red=dict(href='r.tif'), nir=dict(href='n.tif')), r"--asset.*\['red', 'nir'\]"),
        (item('x', all=dict(href='https://a.b/c.tif', roles=['data'])), 'on disk, found https'),
        (item('../x', all=dict(href='a.tif', roles=['data'])), r"ids .* found '\.\./x'"),
        ({'type': 'Feature'}, 'expected a STAC item or collection, found'),
    ],
    ids=['which asset', 'remote', 'id', 'no item'],
)
def test_items_that_cannot_be_mapped(collection, one, message):
    with pytest.raises(ValueError, match=rf'items\.json: .*{message}'):
        find_scenes([collection(one)])


@pytest.mark.parametrize('name', ['my scene.tif', 'grün+1#2.tif', '50%25.tif', 'a?b.tif'])
def test_names_are_decoded_however_an_item_writes_them(folder, name):
    pytest.importorskip('pystac')
    (folder / name).touch()
    for href in (
        name, quote(name), f'./{quote(name)}', (folder / name).as_uri(), f'{folder}/{quote(name)}',
        f'file://localhost{quote(str(folder / name))}', f'file:{quote(str(folder / name))}',
        f'FILE://{folder}/{name}',
    ):  # fmt: skip
        one = item('one', data=dict(href=href, roles=['data']))
        # a single item, as most tools write it, and one of a collection
        for content in (one, dict(type='FeatureCollection', features=[one])):
            (folder / 'item.json').write_text(json.dumps(content), encoding='utf-8-sig')
            scenes = find_scenes([folder / 'item.json'])
            assert list(scenes) == ['one'] and scenes['one'].samefile(folder / name), href


def test_json_that_is_no_collection(folder):
    pytest.importorskip('pystac')
    for content in ('{}', '[1]', 'no json', '{"type": "Feature"}', '{"type": "Collection"}'):
        (folder / 'items.json').write_text(content)
        with pytest.raises(ValueError, match=r'items\.json: expected a STAC item or collection'):
            find_scenes([folder / 'items.json'])


def test_masks_are_found_by_name(folder):
    a, b = folder / 'a.tif', folder / 'b.tif'
    assert find_references(b, ['any']) == {'any': b}
    assert find_references(folder, ['b', 'a']) == {'b': b, 'a': a}
    with pytest.raises(FileNotFoundError, match=r"mask for each scene, found none: \['c'\]"):
        find_references(folder, ['a', 'c'])
    with pytest.raises(ValueError, match='folder of masks'):
        find_references(a, ['a', 'b'])
    with pytest.raises(FileNotFoundError, match='none'):
        find_references(folder / 'none', ['a'])

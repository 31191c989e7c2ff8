"""Each thing that is wrong with a source is one sentence that names it."""

import numpy as np
import pytest

from ktda_mmseg.scenes.prepare.rasters import prepare

pytest.importorskip('rasterio')
geopandas = pytest.importorskip('geopandas')
SIZE = (40, 40)


@pytest.fixture
def source(write, tmp_path):
    """Three sound scenes far from each other, their labels, and what they mean."""
    for number, name in enumerate('abc'):
        origin = (5e5 + 10_000 * number, 5e6)
        write(tmp_path / 'images' / f'{name}.tif', np.ones((3, *SIZE), np.uint8), origin)
        write(tmp_path / 'labels' / f'{name}.tif', np.ones(SIZE, np.uint8), origin)
    (tmp_path / 'classes.yaml').write_text('classes: {water: {labels: [1]}, land: {labels: [77]}}')
    return tmp_path


@pytest.fixture
def fails(source):
    """A function that checks how a preparation ends."""

    def fails(message, error=ValueError, **arguments):
        given = dict(
            images=source / 'images', labels=source / 'labels', classes=source / 'classes.yaml'
        )
        with pytest.raises(error, match=message) as caught:
            prepare(source / 'out', **(given | dict(tile=32) | arguments))
        assert '\n' not in str(caught.value)
        assert not (source / 'out').exists()

    return fails


def polygons(path, crs=32632, **fields):
    from shapely.geometry import box

    fields = fields or {'k': [1]}
    geopandas.GeoDataFrame(fields, geometry=[box(5e5, 5e6 - 400, 6e5, 5e6)], crs=crs).to_file(path)
    return path


def test_the_source_is_sound(source):
    arguments = (source / 'images', source / 'labels', source / 'classes.yaml')
    assert sum(prepare(source / 'out', *arguments, tile=32).images.values()) == 12


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(val=0.6, test=0.4), 'shares of val and test from 0 and below 1'),
        (dict(overlap=32), r'overlap from 0 to 31 \(tile - 1\), got 32'),
        (dict(guard=-1), 'expected a guard of at least 0 pixels, got -1'),
        (dict(rgb=[1, 2]), r'expected three bands as rgb, got \[1, 2\]'),
        (dict(rgb=[1, 2, 3], bands=[1]), 'expected bands or rgb, not both'),
        (dict(stretch='0,9'), "expected rgb, which stretch is for, got stretch '0,9' alone"),
        (dict(rgb=[1, 2, 3], stretch='9,0'), "two ascending values .* got '9,0'"),
        (dict(layer='cover'), 'expected class_field with layer, where or buffer'),
        (dict(class_field='k', buffer=0), 'expected a buffer above 0 metres, got 0'),
        (dict(bands=[1, 5]), r'a\.tif: expected bands \(1, 5\), found 3 bands'),
        (dict(split='block', block=16), 'blocks of at least a tile, 32 pixels, got 16'),
        (dict(split='block', block=32, guard=1000), 'a larger --block, or --guard 0'),
    ],
)
def test_an_argument_out_of_range(fails, arguments, message):
    fails(message, **arguments)


@pytest.mark.parametrize('folder', ['images', 'labels'])
def test_a_folder_without_rasters(fails, source, folder):
    (source / 'empty').mkdir()
    (source / 'empty' / 'notes.txt').touch()
    fails(
        r'empty: expected rasters .* none among 1 files {.\.txt',
        FileNotFoundError,
        **{folder: source / 'empty'},
    )


def test_two_images_of_a_name(fails, source, write):
    write(source / 'images' / 'a.png', np.ones((3, *SIZE), np.uint8))
    fails('images: expected one file a name, found a.png, a.tif')


def test_an_image_without_labels(fails, source):
    (source / 'labels' / 'b.tif').unlink()
    message = r'labels: expected a label raster .* for 1 of 3: sought b \(for b\.tif\); there are a'
    fails(message, FileNotFoundError)


def test_images_of_different_bands(fails, source, write):
    write(source / 'images' / 'b.tif', np.ones((4, *SIZE), np.uint16))
    fails(r'b\.tif: expected bands \(1, 2, 3\) of type uint8 as in a\.tif, found .* uint16')


def test_labels_of_another_size_without_a_place(fails, source, write):
    write(source / 'labels' / 'b.tif', np.ones((39, 40), np.uint8))
    fails(r'labels/b\.tif: expected the size of its image, 40x40 .*, found 39x40')


def test_an_unknown_label_is_counted(fails, source, write):
    labels = np.ones(SIZE, np.uint8)
    labels[2, :7] = 9
    write(source / 'labels' / 'c.tif', labels)
    fails(r'c\.tif \(row 0, column 0\): expected labels .*yaml lists, found 9 in 7 pixels')


def test_colours_where_numbers_are_listed(fails, source, write):
    colours = np.ones((3, *SIZE), np.uint8)
    colours[1] = 2
    write(source / 'labels' / 'c.tif', colours)
    fails(r'c\.tif: expected one band of labels, or three that are equal, found 3; list colours')


def test_numbers_where_colours_are_listed(fails, source):
    (source / 'classes.yaml').write_text(
        "classes: {water: {labels: ['#0000ff']}, land: {labels: ['#00ff00']}}"
    )
    fails(r'\.tif: expected colours, found one band without a colour table')


@pytest.mark.parametrize('folder', ['images', 'labels'])
def test_a_truncated_file(fails, source, write, folder):
    for kind, bands in (('images', 3), ('labels', 1)):
        write(source / kind / 'b.tif', np.ones((bands, 400, 400), np.uint8), (6e5, 5e6))
    path = source / folder / 'b.tif'
    path.write_bytes(path.read_bytes()[:70_000])
    fails(rf'{folder}/b\.tif: expected a complete raster')


def test_a_split_that_is_no_file(fails):
    fails('blocks', FileNotFoundError, split='blocks')


def test_a_list_without_training(fails, source):
    (source / 'list.yaml').write_text('val: [a]')
    fails('images: expected tiles for train, found none', split=str(source / 'list.yaml'))


def test_polygons_without_the_field(fails, source):
    path = polygons(source / 'p.gpkg')
    fails(r"p\.gpkg: expected a field 'cover', found \['k'\]", labels=path, class_field='cover')


def test_polygons_with_an_unknown_label(fails, source):
    path = polygons(source / 'p.gpkg', k=[4])
    fails(r"p\.gpkg: field 'k': expected labels .* found 4 in 1 feat", labels=path, class_field='k')


def test_polygons_without_a_reference_system(fails, source):
    path = polygons(source / 'p.shp', crs=None)
    fails(r'p\.shp: expected a coordinate reference system', labels=path, class_field='k')


def test_polygons_on_an_image_without_a_place(fails, source, write):
    write(source / 'images' / 'b.tif', np.ones((3, *SIZE), np.uint8))
    path = polygons(source / 'p.gpkg')
    fails(r'b\.tif: expected a georeference, found none', labels=path, class_field='k')


def test_a_vector_file_that_is_none(fails, source):
    (source / 'p.gpkg').write_text('no polygons')
    fails(r'p\.gpkg: expected vector data, found', labels=source / 'p.gpkg', class_field='k')


def test_a_folder_without_vector_files(fails, source):
    fails(r'labels: expected files \*{\.gpkg,', FileNotFoundError, class_field='k')


def test_a_set_without_any_label(fails, source):
    (source / 'classes.yaml').write_text(
        'classes: {water: {labels: [2]}, land: {labels: [77]}}\nignore: [1]'
    )
    fails('expected tiles for .*, all of them were left out')

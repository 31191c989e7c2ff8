"""Label rasters of any make and place give the classes of their pixels, or one sentence."""

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.raster.tiling import Window
from ktda_mmseg.scenes.prepare.label_file import read_label_map
from ktda_mmseg.scenes.prepare.raster_labels import RasterLabels
from ktda_mmseg.scenes.prepare.scenes import read_scenes

rasterio = pytest.importorskip('rasterio')
SIDE = 24
ORIGIN = (300_000, 6_000_000)
LOCAL = 'LOCAL_CS["plant grid",UNIT["metre",1]]'
PLACED = rasterio.transform.from_origin(*ORIGIN, 2, 2)
NUMBERS = 'classes: {a: {labels: [0]}, b: {labels: [255]}}\n'
COLOURS = "classes: {a: {labels: ['#000000']}, b: {labels: ['#ff0000']}}\n"


@pytest.fixture
def labels(tmp_path, write):
    """A function that gives the mask of the one image and the notes, for labels at a path."""

    def labels(path, classes=NUMBERS, **place):
        place = place or dict(crs='EPSG:32631', transform=PLACED)
        image = write(tmp_path / 'a.tif', np.ones((3, SIDE, SIDE), np.uint8), **place)
        (tmp_path / 'classes.yaml').write_text(classes)
        scenes = read_scenes({'a': image}, None)
        source = RasterLabels({'a': path}, scenes, read_label_map(tmp_path / 'classes.yaml'))
        with source.on(scenes[0]) as mask_of:
            return mask_of(Window(0, 0, SIDE, SIDE)), ' '.join(source.notes())

    return labels


@pytest.fixture
def truth():
    """Labels of 0 and 255, and their classes; (24, 24)."""
    codes = np.random.default_rng(0).integers(0, 2, (SIDE, SIDE), np.uint8) * 255
    return codes, codes // 255


@pytest.mark.parametrize('kind', ['world file', 'aux.xml', 'GeoTIFF'])
@pytest.mark.parametrize('stated', [True, False], ids=['image with CRS', 'image without'])
def test_a_transform_without_a_reference_system_is_heeded(
    labels, truth, tmp_path, write, kind, stated
):
    """The labels begin 3 columns west and 5 rows south of the image."""
    west, north = ORIGIN[0] - 3 * 2, ORIGIN[1] - 5 * 2
    path = tmp_path / 'labels' / ('a.tif' if kind == 'GeoTIFF' else 'a.png')
    moved = rasterio.transform.from_origin(west, north, 2, 2)
    if kind == 'world file':
        write(path, truth[0])
        path.with_suffix('.pgw').write_text(f'2\n0\n0\n-2\n{west + 1}\n{north - 1}\n')
    else:
        write(path, truth[0], transform=moved)
    mask, notes = labels(path, transform=PLACED, **(dict(crs='EPSG:32631') if stated else {}))
    expected = np.full((SIDE, SIDE), 255)
    expected[5:, :-3] = truth[1][:-5, 3:]
    assert np.array_equal(mask, expected)
    assert ('taken to be in the same one' in notes) == stated


def test_a_local_reference_system_of_both_is_heeded(labels, truth, tmp_path, write):
    moved = PLACED * rasterio.Affine.translation(4, 0)
    path = write(tmp_path / 'l' / 'a.tif', truth[0], crs=LOCAL, transform=moved)
    mask, _ = labels(path, crs=LOCAL, transform=PLACED)
    assert (mask[:, :4] == 255).all() and np.array_equal(mask[:, 4:], truth[1][:, :-4])
    with pytest.raises(
        ValueError, match=r'of the image, LOCAL_CS\["yard .* found LOCAL_CS\["plant'
    ):
        labels(path, crs=LOCAL.replace('plant', 'yard'), transform=PLACED)


@pytest.mark.parametrize(
    ('crs', 'origin', 'message'),
    [
        (LOCAL, ORIGIN, r'that can be brought to that of the image, EPSG:32631, found LOCAL_CS'),
        (None, (12.5, 54.1), r'that touch their image, found them at x 12\.5 .* \(no coordinate'),
        ('EPSG:32631', (400_000, 6e6), r'touch their image, .* at x 400000 to 400048.* x 300000'),
    ],
)
def test_labels_that_cannot_be_compared_are_refused(
    labels, truth, tmp_path, write, crs, origin, message
):
    transform = rasterio.transform.from_origin(*origin, 2, 2)
    path = write(tmp_path / 'l' / 'a.tif', truth[0], crs=crs, transform=transform)
    with pytest.raises(ValueError, match=rf'a\.tif: expected labels .*{message}'):
        labels(path)


@pytest.mark.parametrize('mode', ['LA', 'RGBA', 'three', 'three and alpha'])
@pytest.mark.parametrize(('rest', 'index'), [('', 255), ('unlabelled: b', 1)])
def test_alpha_says_what_is_unlabelled_and_equal_bands_are_grey(
    labels, truth, tmp_path, mode, rest, index
):
    codes, classes = truth
    alpha = np.full_like(codes, 255)
    alpha[3:9, 2:7] = 0
    red = np.stack([codes, *np.zeros((2, SIDE, SIDE), np.uint8)])
    bands = {
        'LA': [codes, alpha], 'RGBA': [*red, alpha], 'three': [codes] * 3,
        'three and alpha': [codes, codes, codes, alpha],
    }[mode]  # fmt: skip
    Image.fromarray(np.stack(bands, 2)).save(tmp_path / 'labels.png')
    mask, _ = labels(tmp_path / 'labels.png', (COLOURS if mode == 'RGBA' else NUMBERS) + rest)
    expected = classes if mode == 'three' else np.where(alpha > 0, classes, index)
    assert np.array_equal(mask, expected)


def test_transparent_labels_on_another_grid(labels, truth, tmp_path, write):
    """Beyond the labels is nothing to learn; where they are transparent is the rest."""
    alpha = np.full((SIDE, SIDE), 255, np.uint8)
    alpha[3:9] = 0
    moved = PLACED * rasterio.Affine.translation(0, 6)
    path = write(
        tmp_path / 'l' / 'a.tif', np.stack([truth[0], alpha]), crs='EPSG:32631', transform=moved,
        alpha='YES',
    )  # fmt: skip
    mask, _ = labels(path, f'{NUMBERS}unlabelled: b')
    assert (mask[:6] == 255).all() and (mask[9:15] == 1).all()
    assert np.array_equal(mask[15:], truth[1][9:-6])


@pytest.mark.parametrize('codes', [(0, 1), (300, 65_535)])
def test_colour_tables_of_16_bits(labels, truth, tmp_path, codes):
    pixels = np.array(codes, np.uint16)[truth[1]]
    profile = dict(driver='GTiff', width=SIDE, height=SIDE, count=1, dtype='uint16')
    with rasterio.open(tmp_path / 'p.tif', 'w', **profile, photometric='palette') as raster:
        raster.write(pixels, 1)
        raster.write_colormap(1, {codes[0]: (9, 9, 9), codes[1]: (255, 0, 0)})
    mask, _ = labels(tmp_path / 'p.tif', COLOURS.replace('#000000', '#090909'))
    assert np.array_equal(mask, truth[1])


def test_transparent_entries_of_a_colour_table(labels, truth, tmp_path):
    table = Image.fromarray(truth[1] + (np.arange(SIDE) < 4).astype(np.uint8) * 2)
    table.putpalette([0, 0, 0, 255, 0, 0, 9, 9, 9, 8, 8, 8])
    table.save(tmp_path / 'p.png', transparency=bytes([255, 255, 0, 0]))
    mask, _ = labels(tmp_path / 'p.png', f'{COLOURS}unlabelled: b')
    assert (mask[:, :4] == 1).all() and np.array_equal(mask[:, 4:], truth[1][:, 4:])


def test_grey_labels_listed_by_their_colours(labels, truth, tmp_path):
    Image.fromarray(truth[0]).save(tmp_path / 'p.png')
    mask, _ = labels(tmp_path / 'p.png', COLOURS.replace('#ff0000', '#ffffff'))
    assert np.array_equal(mask, truth[1])


def test_nodata_of_three_bands_is_no_colour(labels, tmp_path, write):
    """Blue is 0x0000ff, which is 255 as a number but not white."""
    pixels = np.zeros((3, SIDE, SIDE), np.uint8)
    pixels[2], pixels[:, 4:] = 255, 255
    path = write(tmp_path / 'l' / 'a.tif', pixels, nodata=255)
    mask, _ = labels(path, "classes: {sea: {labels: ['#0000ff']}}")
    assert (mask[:4] == 0).all() and (mask[4:] == 255).all()


def test_a_mask_in_the_file_outranks_nodata(labels, truth, tmp_path):
    classes = 'classes: {a: {labels: [0]}}\nunlabelled: a'  # so that 255 is not listed
    profile = dict(driver='GTiff', width=SIDE, height=SIDE, count=1, dtype='uint8', nodata=255)
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(tmp_path / 'm.tif', 'w', **profile) as raster,
    ):
        raster.write(truth[0], 1)
        raster.write_mask(np.arange(SIDE)[:, None].repeat(SIDE, 1) >= 5)
    mask, _ = labels(tmp_path / 'm.tif', classes)
    assert (mask[:5] == 255).all() and (mask[5:] == 0).all()


def test_colours_of_16_bits_are_refused(labels, tmp_path, write):
    path = write(tmp_path / 'l' / 'a.tif', np.full((3, SIDE, SIDE), 65_535, np.uint16))
    with pytest.raises(ValueError, match='of 8 bits, found 3 bands of type uint16 up to 65535'):
        labels(path, COLOURS)


def test_unlisted_labels_are_said(labels, truth, tmp_path, write):
    path = write(tmp_path / 'l' / 'a.tif', np.where(np.arange(SIDE) < 3, 7, truth[0]))
    mask, notes = labels(path, f'{NUMBERS}unlabelled: ignore')
    assert (mask[:, :3] == 255).all()
    assert '12.5% of 576 label pixels' in notes and 'unlabelled says: 7 in 72' in notes


@pytest.mark.parametrize(
    ('systems', 'groups'),
    [
        ((LOCAL, 'EPSG:32631'), 2),
        ((LOCAL, LOCAL), 1),
        ((LOCAL, LOCAL.replace('plant', 'other')), 2),
        ((None, None), 1),
        ((None, 'EPSG:32631'), 1),
    ],
)
def test_scenes_are_compared_where_their_systems_allow(tmp_path, write, systems, groups):
    """Both at the same coordinates."""
    from ktda_mmseg.scenes.prepare.neighbours import neighbours

    pixels = np.ones((SIDE, SIDE), np.uint8)
    paths = [
        write(tmp_path / f'{number}.tif', pixels, crs=crs, transform=PLACED)
        for number, crs in enumerate(systems)
    ]
    assert len(neighbours(read_scenes({path.stem: path for path in paths}, None), 0)) == groups


def test_a_size_of_pixels_is_no_place(tmp_path, write):
    """Chips that say only how large their pixels are do not overlap."""
    from ktda_mmseg.scenes.prepare.neighbours import neighbours

    pixels = np.ones((SIDE, SIDE), np.uint8)
    scale = rasterio.Affine(0.5, 0, 0, 0, -0.5, 0)
    paths = [write(tmp_path / f'{name}.tif', pixels, transform=scale) for name in 'ab']
    assert len(neighbours(read_scenes({path.stem: path for path in paths}, None), 0)) == 2

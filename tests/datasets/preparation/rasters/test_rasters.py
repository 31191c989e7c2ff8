"""Images and labels of any kind become tiles with the right pixels, labels and places."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.datasets.preparation.raster_tiles import most_threads
from ktda_mmseg.datasets.preparation.rasters import prepare
from ktda_mmseg.datasets.preparation.scenes import read_scenes

rasterio = pytest.importorskip('rasterio')
geopandas = pytest.importorskip('geopandas')
ROOT = Path(__file__).resolve().parents[4]
SPLIT = '{train: [a], val: [b]}'
CLASSES = """
classes:
  water: {labels: [1, 2], colour: '#0000ff'}
  forest: {labels: [7], colour: '#00ff00'}
ignore: [0]
"""
COLOURS = np.array([[0, 0, 0], [0, 0, 255], [0, 0, 128], [0, 255, 0]], np.uint8)
COLOUR_CLASSES = """
classes:
  water: {labels: ['#0000ff', '#000080']}
  forest: {labels: ['#00ff00']}
ignore: ['#000000']
"""
NUMBERS = np.array([0, 1, 2, 7], np.uint8)
INDICES = np.array([255, 0, 0, 1], np.uint8)
ORIGINS = {'a': (399_960, 5_100_000), 'b': (450_000, 5_100_000)}


@pytest.fixture
def rng():
    """Random numbers, the same in each test."""
    return np.random.default_rng(0)


@pytest.fixture
def kinds(rng):
    """Which of four labels each pixel has, by name; rectangles of 10 pixels, (50, 70)."""
    return {n: rng.integers(0, 4, (5, 7)).repeat(10, 0).repeat(10, 1) for n in 'ab'}


@pytest.fixture
def run(tmp_path):
    """A function that prepares tmp_path/in in tiles of 32, split by a list."""

    def run(classes=CLASSES, **arguments):
        (tmp_path / 'classes.yaml').write_text(classes)
        (tmp_path / 'splits.yaml').write_text(SPLIT)
        arguments = dict(split=str(tmp_path / 'splits.yaml'), tile=32) | arguments
        folder = arguments.pop('labels', tmp_path / 'labels')
        return prepare(
            tmp_path / 'out', tmp_path / 'images', folder, tmp_path / 'classes.yaml', **arguments
        )

    return run


@pytest.fixture
def source(write, tmp_path, rng, kinds):
    """A function that writes two images of random pixels and their labels; gives the pixels."""

    def source(dtype='uint8', bands=3, suffix='.tif', placed=True, **profile):
        images = {}
        for name, kind in kinds.items():
            origin = ORIGINS[name] if placed else None
            images[name] = (rng.random((bands, 50, 70)) * 250 + 1).astype(dtype)
            write(tmp_path / 'images' / (name + suffix), images[name], origin, **profile)
            write(tmp_path / 'labels' / f'{name}.tif', NUMBERS[kind], origin)
        return images

    return source


def tiles(out, kind):
    """The files of one kind by scene, row and column."""
    paths = [path for path in (out / kind).rglob('*_y*') if path.suffix in {'.png', '.tif'}]
    corners = {path: path.stem.split('_') for path in paths}
    return {(name, int(y[1:]), int(x[1:])): path for path, (name, y, x) in corners.items()}


def read_mask(path):
    return np.asarray(Image.open(path))


@pytest.mark.parametrize(
    ('dtype', 'bands', 'suffix'),
    [('uint8', 3, '.png'), ('uint8', 4, '.tif'), ('uint16', 3, '.tif'), ('int16', 1, '.tif'),
     ('float32', 8, '.tif')],
)  # fmt: skip
def test_tiles_have_the_pixels_labels_and_places_of_their_windows(
    source, run, kinds, tmp_path, dtype, bands, suffix
):
    images = source(dtype, bands, photometric='MINISBLACK')
    summary = run(overlap=8)
    assert summary.images == {'train': 6, 'val': 6}
    masks = tiles(summary.out, 'ann_dir')
    for (name, y, x), path in tiles(summary.out, 'img_dir').items():
        assert path.suffix == suffix and path.parent.name == {'a': 'train', 'b': 'val'}[name]
        part = np.s_[y : y + 32, x : x + 32]
        with rasterio.open(tmp_path / 'images' / f'{name}.tif') as scene:
            place = scene.window_transform(rasterio.windows.Window(x, y, 32, 32))
        with rasterio.open(path) as tile:
            assert (tile.crs, tile.transform) == (scene.crs, place)
            assert tile.dtypes == (dtype,) * bands
            assert np.array_equal(tile.read(), images[name][(slice(None), *part)])
        assert np.array_equal(read_mask(masks[name, y, x]), INDICES[kinds[name]][part])


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_images_without_a_place(source, run, kinds, suffix):
    source(suffix=suffix, placed=False)
    summary = run()
    for (name, y, x), path in tiles(summary.out, 'ann_dir').items():
        assert np.array_equal(read_mask(path), INDICES[kinds[name]][y : y + 32, x : x + 32])
    assert not list(summary.out.rglob('*.aux.xml'))
    first = next(iter(tiles(summary.out, 'img_dir').values()))
    assert Image.open(first).mode == 'RGB'


def test_colours_as_labels(source, run, kinds, write, tmp_path):
    source()
    for name, kind in kinds.items():
        (tmp_path / 'labels' / f'{name}.tif').unlink()
        colours = COLOURS[kind]
        if name == 'a':  # as red, green and blue, or by a colour table
            write(tmp_path / 'labels' / 'a_gt.png', colours.transpose(2, 0, 1))
        else:
            table = Image.fromarray(kind.astype(np.uint8))
            table.putpalette(COLOURS.tobytes())
            table.save(tmp_path / 'labels' / 'b_gt.png')
    summary = run(COLOUR_CLASSES, label_suffix='_gt')
    for (name, y, x), path in tiles(summary.out, 'ann_dir').items():
        assert np.array_equal(read_mask(path), INDICES[kinds[name]][y : y + 32, x : x + 32])


@pytest.mark.parametrize(('files', 'epsg'), [(1, 32632), (2, 4326)])
def test_polygons_agree_with_the_raster_drawn_from_them(source, run, kinds, tmp_path, files, epsg):
    """Rectangles of 10x10 pixels, as polygons of any file and reference system."""
    from shapely.geometry import box

    source()
    polygons, words = {}, {0: 'none', 1: 'sea', 2: 'lake', 3: 'wood'}
    for name, kind in kinds.items():
        west, north = ORIGINS[name]
        cells = [(r, c) for r in range(5) for c in range(7)]
        shapes = [
            box(west + 100 * c, north - 100 * (r + 1), west + 100 * (c + 1), north - 100 * r)
            for r, c in cells
        ]
        values = [words[int(kind[10 * r, 10 * c])] for r, c in cells]
        polygons[name] = geopandas.GeoDataFrame({'cover': values}, geometry=shapes, crs=32632)
    folder = tmp_path / 'polygons'
    folder.mkdir()
    if files == 1:
        import pandas

        both = pandas.concat(polygons.values()).to_crs(epsg)
        both.to_file(folder / 'all.gpkg')
    else:
        for name, suffix in (('a', '.geojson'), ('b', '.shp')):
            polygons[name].to_crs(epsg).to_file(folder / f'{name}{suffix}')
    text = 'classes: {water: {labels: [sea, lake]}, forest: {labels: [wood]}}\nignore: [none]'
    summary = run(text, labels=folder, class_field='cover')
    found = tiles(summary.out, 'ann_dir')
    assert len(found) == 12
    for (name, y, x), path in found.items():
        assert np.array_equal(read_mask(path), INDICES[kinds[name]][y : y + 32, x : x + 32])


def test_later_polygons_cover_earlier_ones_and_the_rest_is_unlabelled(source, run, tmp_path):
    from shapely.geometry import box

    source()
    squares = []
    for west, north in ORIGINS.values():
        squares += [
            box(west, north - 500, west + 400, north),
            box(west + 96, north - 500, west + 400, north),
        ]
    frame = geopandas.GeoDataFrame({'k': [1, 7, 1, 7]}, geometry=squares, crs=32632)
    frame.to_file(tmp_path / 'p.gpkg')
    for other, rest in (('ignore', 255), ('forest', 1)):
        summary = run(f'{CLASSES}unlabelled: {other}', labels=tmp_path / 'p.gpkg', class_field='k')
        masks = tiles(summary.out, 'ann_dir')
        row = np.r_[read_mask(masks['a', 18, 0])[20], read_mask(masks['a', 18, 38])[20]]
        # the centre of a pixel decides: the second begins 6 m into column 9
        assert row[:32].tolist() == [0] * 10 + [1] * 22
        assert row[32:].tolist() == [1] * 2 + [rest] * 30
        (tmp_path / 'out').rename(tmp_path / other)


def test_labels_of_another_grid_are_aligned_by_the_nearest(source, run, write, tmp_path, kinds):
    """Labels of 20 m pixels that begin 200 m further west and end before the image does."""
    source()
    west, north = ORIGINS['a']
    coarse = np.full((25, 40), 2, np.uint8)
    coarse[:, :15] = 7
    write(tmp_path / 'labels' / 'a.tif', coarse, (west - 200, north), pixel=20)
    summary = run()
    masks = tiles(summary.out, 'ann_dir')
    whole = np.full((50, 70), 9, np.uint8)
    for (name, y, x), path in masks.items():
        if name == 'a':
            whole[y : y + 32, x : x + 32] = read_mask(path)
    # 200 m are 10 columns of 20 m, so 5 columns of 7 remain, which are 10 of the image's
    expected = np.full((50, 70), 255, np.uint8)
    expected[:, :10], expected[:, 10:60] = 1, 0
    assert np.array_equal(whole, expected)


def test_labels_in_another_reference_system(source, run, write, tmp_path):
    """One label north of a parallel, another south of it."""
    source()
    corner = geopandas.points_from_xy(*zip(ORIGINS['a']), crs=32632).to_crs(4326)
    labels = np.full((400, 400), 1, np.uint8)
    labels[200:] = 7
    north = corner.y[0] - 250 / 111_300 + 200 * 1e-5
    write(tmp_path / 'labels' / 'a.tif', labels, (corner.x[0] - 1e-3, north), 4326, pixel=1e-5)
    summary = run()
    masks = tiles(summary.out, 'ann_dir')
    upper, lower = read_mask(masks['a', 0, 0]), read_mask(masks['a', 18, 0])
    known = upper[:, :20]
    assert set(np.unique(known[:15])) <= {0, 255} and (known[8:20] == 0).mean() > 0.9
    assert (lower[12:20, :20] == 1).mean() > 0.9


def test_pixels_without_data_are_ignored(source, run, tmp_path, kinds, write):
    images = source('float32', 2)
    images['a'][0, 3, 5] = np.nan
    images['a'][1, 4, 6] = np.inf
    images['a'][1, 33, 1] = -99.9
    images['a'][:, 18:, 38:] = np.nan
    write(tmp_path / 'images' / 'a.tif', images['a'], ORIGINS['a'], nodata=-99.9)
    summary = run()
    assert summary.images == {'train': 5, 'val': 6}
    assert '1 tiles left out: no pixel with both data and a label' in str(summary)
    expected = INDICES[kinds['a']].copy()
    expected[[3, 4, 33], [5, 6, 1]] = 255
    expected[18:, 38:] = 255
    for (name, y, x), path in tiles(summary.out, 'ann_dir').items():
        if name == 'a':
            assert np.array_equal(read_mask(path), expected[y : y + 32, x : x + 32])
    images = tiles(summary.out, 'img_dir')
    assert rasterio.open(images['a', 0, 0]).nodata == np.float32(-99.9)
    assert np.isnan(rasterio.open(images['b', 0, 0]).nodata)


def test_an_alpha_band_masks_and_is_not_kept_unless_named(source, run, tmp_path, write):
    images = source(bands=4, photometric='RGB', alpha='UNSPECIFIED')
    images['a'][3] = 255
    images['a'][3, :5] = 0
    write(tmp_path / 'images' / 'a.tif', images['a'], ORIGINS['a'], photometric='RGB', alpha='YES')
    images['b'][3] = 255
    write(tmp_path / 'images' / 'b.tif', images['b'], ORIGINS['b'], photometric='RGB', alpha='YES')
    summary = run()
    assert 'an alpha band served as mask' in str(summary)
    path = tiles(summary.out, 'img_dir')['a', 0, 0]
    assert Image.open(path).mode == 'RGB'
    assert (read_mask(tiles(summary.out, 'ann_dir')['a', 0, 0])[:5] == 255).all()
    (tmp_path / 'out').rename(tmp_path / 'first')
    summary = run(bands=[4, 1])
    with rasterio.open(tiles(summary.out, 'img_dir')['a', 0, 0]) as tile:
        assert np.array_equal(tile.read(), images['a'][[3, 0], :32, :32])


@pytest.mark.parametrize(
    ('stretch', 'low', 'high'), [('50,150', 50, 150), ('10%,90%', None, None), (None, None, None)]
)
def test_three_bands_become_rgb(source, run, stretch, low, high):
    images = source('uint16', 5)
    summary = run(rgb=[4, 2, 1], stretch=stretch)
    shares = (2, 98) if stretch is None else (10, 90)
    for (name, y, x), path in tiles(summary.out, 'img_dir').items():
        bands = images[name][[3, 1, 0]].astype(float)
        limits = [(low, high) if low else np.percentile(band, shares) for band in bands]
        for band, (black, white), shown in zip(
            bands, limits, np.asarray(Image.open(path)).transpose(2, 0, 1)
        ):
            unit = np.clip((band[y : y + 32, x : x + 32] - black) / (white - black), 0, 1)
            assert np.abs(shown - 255 * unit).max() <= 0.51


def test_bytes_are_kept_as_rgb_without_a_stretch(source, run):
    images = source('uint8', 5)
    path = tiles(run(rgb=[4, 2, 1]).out, 'img_dir')['b', 0, 0]
    assert np.array_equal(
        np.asarray(Image.open(path)), images['b'][[3, 1, 0], :32, :32].transpose(1, 2, 0)
    )


def test_what_is_left_out_is_said(source, run, tmp_path, write):
    source()
    write(tmp_path / 'images' / 'c.tif', np.ones((3, 50, 70), np.uint8), (1e5, 5e6))
    write(tmp_path / 'labels' / 'c.tif', np.ones((50, 70), np.uint8), (1e5, 5e6))
    write(tmp_path / 'labels' / 'd.tif', np.ones((50, 70), np.uint8))
    text = str(run())
    assert '1 scenes left out: the list of splits' in text
    assert '1 label rasters without an image' in text
    assert 'tools/train.py' in text


@pytest.mark.parametrize(('bands', 'suffix'), [(3, '.png'), (6, '.tif')])
def test_a_config_inherits_what_was_prepared(source, run, tmp_path, bands, suffix):
    from mmengine.config import Config
    from mmseg.registry import DATASETS

    source(bands=bands, photometric='MINISBLACK')
    summary = run()
    lines = (summary.out / 'dataset.py').read_text().splitlines()
    shown = [line.removeprefix('#   ') for line in lines if line.startswith('#   ')]
    root = tmp_path / 'configs'
    root.symlink_to(ROOT / 'configs')
    (tmp_path / 'mine.py').write_text('\n'.join(shown))
    config = Config.fromfile(tmp_path / 'mine.py')
    assert config.model.decode_head.num_classes == 2
    for split, loader in (('train', 'train'), ('val', 'val'), ('val', 'test')):
        dataset = DATASETS.build(config[f'{loader}_dataloader'].dataset)
        assert len(dataset) == summary.images[split] == 6
        assert dataset.metainfo['classes'] == ('water', 'forest')
        assert dataset.metainfo['palette'] == [[0, 0, 255], [0, 255, 0]]
        assert dataset[0]['inputs'].shape[0] == bands


def test_rows_of_strips_in_work_fit_the_cache(write, tmp_path):
    """256 rows of a strip of 3x2 bytes and its label are 7 bytes a pixel, so 1.7 MB a row."""
    pixels = np.zeros((3, 300, 1000), np.uint16)
    strips = write(tmp_path / 'a.tif', pixels)
    tiled = write(tmp_path / 'b.tif', pixels, tiled=True, blockxsize=256, blockysize=256)
    threads = [most_threads(read_scenes([path], None), 256) for path in (strips, tiled)]
    assert threads == [256 * 2**20 // (256 * 7 * 1000), 256 * 2**20 // (256 * 1000)]

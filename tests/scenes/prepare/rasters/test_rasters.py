"""Images of any kind become tiles with the right pixels, labels and places."""

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.checkpoints.deploy import deploy_config
from ktda_mmseg.datasets.loading import LoadRasterFromFile
from ktda_mmseg.raster.files import CACHE_BYTES, open_raster
from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.prepare.raster_tiles import most_threads
from ktda_mmseg.scenes.prepare.scenes import read_scenes

from .conftest import INDICES, ORIGINS, masks, read_mask, tiles

rasterio = pytest.importorskip('rasterio')


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
    for (name, y, x), path in tiles(summary.out, 'img_dir').items():
        assert path.suffix == suffix and path.parent.name == {'a': 'train', 'b': 'val'}[name]
        part = np.s_[y : y + 32, x : x + 32]
        with rasterio.open(tmp_path / 'images' / f'{name}.tif') as scene:
            place = scene.window_transform(rasterio.windows.Window(x, y, 32, 32))
        with open_raster(path) as tile:
            assert (tile.crs, tile.transform) == (scene.crs, place)
            assert tile.dtypes == (dtype,) * bands
            assert np.array_equal(tile.read(), images[name][(slice(None), *part)])
    for mask, expected in masks(summary.out, {n: INDICES[kind] for n, kind in kinds.items()}):
        assert np.array_equal(mask, expected)
    # of val each labelled pixel counts once, of train as often as it is shown
    once = sum((INDICES[kinds['b']] == index).sum() for index in (0, 1))
    assert summary.pixels['val'][:2].sum() == once < summary.pixels['train'][:2].sum()


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_images_without_a_place(source, run, kinds, suffix):
    source(suffix=suffix, placed=False)
    summary = run()
    for mask, expected in masks(summary.out, {n: INDICES[kind] for n, kind in kinds.items()}):
        assert np.array_equal(mask, expected)
    assert {path.name for path in summary.out.iterdir() if path.is_dir()} == {'img_dir', 'ann_dir'}
    first = next(iter(tiles(summary.out, 'img_dir').values()))
    assert Image.open(first).mode == 'RGB'


@pytest.mark.parametrize('nodata', [None, 'any'])
def test_pixels_without_data_are_ignored(source, run, tmp_path, kinds, write, nodata):
    images = source('float32', 2)
    images['a'][:, 3, 5] = np.nan
    images['a'][1, 4, 6] = np.inf
    images['a'][1, 33, 1] = -99.9
    images['a'][:, 32:, 51:] = np.nan
    write(tmp_path / 'images' / 'a.tif', images['a'], ORIGINS['a'], nodata=-99.9)
    summary = run(nodata=nodata)
    assert summary.images == {'train': 5, 'val': 6}
    assert '1 tiles left out: no pixel with both data and a label' in str(summary)
    empty = np.zeros((50, 70), bool)
    empty[3, 5] = empty[32:, 51:] = True
    if nodata == 'any':
        empty[[4, 33], [6, 1]] = True
    assert_empty(summary.out, 'a', np.where(empty, 255, INDICES[kinds['a']]), empty)
    images = tiles(summary.out, 'img_dir')
    assert rasterio.open(images['a', 0, 0]).nodata == np.float32(-99.9)
    assert np.isnan(rasterio.open(images['b', 0, 0]).nodata)


def assert_empty(out, scene, labels, empty):
    """Masks are right, and what loads the tiles finds the same pixels empty."""
    for (name, y, x), path in tiles(out, 'ann_dir').items():
        if name == scene:
            mask = read_mask(path)
            part = np.s_[y : y + mask.shape[0], x : x + mask.shape[1]]
            np.testing.assert_array_equal(mask, labels[part])
            tile = next(out.rglob(f'img_dir/*/{path.stem}.tif'))
            sample = LoadRasterFromFile().transform(dict(img_path=str(tile)))
            np.testing.assert_array_equal(sample['nodata_mask'], empty[part])


def test_a_mask_outranks_a_nodata_value_in_tiles_too(source, run, tmp_path, kinds):
    """Water of which all bands are 0 has data, where a mask says so; what it hides has none."""
    images = source('uint16', 3, nodata=0)
    empty = np.zeros((50, 70), bool)
    empty[5:11, 8:40] = True
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(tmp_path / 'images' / 'a.tif', 'r+') as raster,
    ):
        images['a'][:, 20:30] = 0
        raster.write(images['a'])
        raster.write_mask(~empty)
    out = run().out
    assert_empty(out, 'a', np.where(empty, 255, INDICES[kinds['a']]), empty)


def test_colours_of_a_table_become_rgb(source, run, tmp_path, kinds):
    """Tiles hold colours, and transparent ones are ignored."""
    source()
    stored = {}
    for index, name in enumerate('ab'):
        (tmp_path / 'images' / f'{name}.tif').unlink()
        numbers = (np.arange(3500).reshape(50, 70) // 15 % 9 + index).astype(np.uint8)
        stored[name] = Image.fromarray(numbers, 'P')
        stored[name].putpalette(bytes(number * 7 % 251 for number in range(768)))
        stored[name].save(tmp_path / 'images' / f'{name}.png', transparency=bytes([255] * 8 + [0]))
    summary = run()
    for (name, y, x), path in tiles(summary.out, 'img_dir').items():
        assert path.suffix == '.png'
        tile = np.asarray(Image.open(path))
        colours = np.asarray(stored[name].convert('RGB'))
        part = colours[y : y + tile.shape[0], x : x + tile.shape[1]]
        np.testing.assert_array_equal(tile, part)
    clear = {name: np.asarray(stored[name]) == 8 for name in 'ab'}
    labels = {name: np.where(clear[name], 255, INDICES[kinds[name]]) for name in 'ab'}
    for mask, expected in masks(summary.out, labels):
        np.testing.assert_array_equal(mask, expected)


def test_a_fourth_band_that_its_writer_called_alpha_is_said_to_look_like_data(source, run):
    source(bands=4)
    summary = run()
    assert 'a.tif: band 4 is called alpha, as writers call a fourth band' in str(summary)
    assert next(iter(tiles(summary.out, 'img_dir').values())).suffix == '.png'


def test_complex_images_are_refused(source, run):
    source('complex64', 2)
    with pytest.raises(ValueError, match=r'a\.tif: expected bands of real .* complex64'):
        run()


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
            part = band[y : y + shown.shape[0], x : x + shown.shape[1]]
            unit = np.clip((part - black) / (white - black), 0, 1)
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
    assert 'ktda train mine.py' in text


@pytest.mark.parametrize('placed', [True, False])
@pytest.mark.parametrize(('bands', 'suffix'), [(3, '.png'), (6, '.tif')])
def test_a_config_inherits_what_was_prepared(
    source, run, tmp_path, installed, bands, suffix, placed
):
    from mmengine.config import Config
    from mmseg.registry import DATASETS

    source(bands=bands, placed=placed, photometric='MINISBLACK')
    summary = run()
    lines = (summary.out / 'dataset.py').read_text().splitlines()
    shown = [line.removeprefix('#   ') for line in lines if line.startswith('#   ')]
    (tmp_path / 'mine.py').write_text('\n'.join(shown))
    config = Config.fromfile(tmp_path / 'mine.py')
    assert config.model.decode_head.num_classes == 2
    for split, loader in (('train', 'train'), ('val', 'val'), ('val', 'test')):
        dataset = DATASETS.build(config[f'{loader}_dataloader'].dataset)
        assert len(dataset) == summary.images[split] == 6
        assert dataset.metainfo['classes'] == ('water', 'forest')
        assert dataset.metainfo['palette'] == [[0, 0, 255], [0, 255, 0]]
        assert dataset[0]['inputs'].shape[0] == bands
    # how large pixels are reaches the model as it is deployed
    card = ModelCard.of(deploy_config(config), dataset.metainfo)
    if placed:
        assert card.ground_size == pytest.approx((10, 10), rel=1e-3)
    else:
        assert card.ground_size is None and 'ground_size' not in config


def test_rows_of_strips_in_work_fit_the_cache(write, tmp_path):
    """Three bands of 2 bytes and a label; a row of tiles may touch two strips or blocks."""
    pixels = np.zeros((3, 300, 1000), np.uint16)
    strips = write(tmp_path / 'a.tif', pixels, blockysize=1)
    high = write(tmp_path / 'c.tif', pixels, blockysize=290)
    tiled = write(tmp_path / 'b.tif', pixels, tiled=True, blockxsize=256, blockysize=256)
    paths = strips, high, tiled
    threads = [most_threads(read_scenes({'a': path}, None), 256) for path in paths]
    row = 256 * 7 * 1000, 580 * 7 * 1000, 512 * 512 * 6 + 512 * 1000
    assert threads == [CACHE_BYTES // size for size in row]

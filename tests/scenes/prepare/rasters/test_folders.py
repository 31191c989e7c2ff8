"""Folders as users have them: nested, with names of their own, mended between two runs."""

import numpy as np
import pytest
from mmengine.config import Config

from ktda_mmseg.raster.files import open_raster
from ktda_mmseg.scenes.prepare.rasters import prepare

from .conftest import INDICES, NUMBERS, read_mask, tiles

rasterio = pytest.importorskip('rasterio')
SIZE = (40, 40)


@pytest.fixture
def pair(write, tmp_path, rng):
    """A function that writes an image of random pixels and its labels, at a place or at none."""

    def pair(image, labels, number=None, size=SIZE):
        kind = rng.integers(0, 4, size)
        pixels = rng.integers(1, 256, (3, *size)).astype(np.uint8)
        origin = None if number is None else (5e5 + 10_000 * number, 5e6)
        write(tmp_path / image, pixels, origin)
        write(tmp_path / labels, NUMBERS[kind], origin)
        return pixels, INDICES[kind]

    return pair


def test_sub_folders_pair_by_their_paths(pair, run, tmp_path):
    paths = ('a', 'north/a', 'north/far/b')
    made = [
        pair(f'images/{path}.tif', f'labels/{path}.tif', number)
        for number, path in enumerate(paths)
    ]
    (tmp_path / 'images' / 'notes.txt').touch()
    (tmp_path / 'own.yaml').write_text('train: [a, north/a.tif]\nval: [b]')
    summary = run(split=str(tmp_path / 'own.yaml'), tile=40)
    assert f'{tmp_path / "images"}: 1 files left out, no rasters' in str(summary)
    found = tiles(summary.out, 'img_dir')
    names = ['a', 'north__a', 'north__far__b']
    assert sorted(name for name, *_ in found) == names
    for name, (pixels, mask) in zip(names, made, strict=True):
        with open_raster(found[name, 0, 0]) as tile:
            assert np.array_equal(tile.read(), pixels)
        expected = np.where(read_mask(tiles(summary.out, 'ann_dir')[name, 0, 0]) == mask, 0, 1)
        assert not expected.any()


@pytest.mark.parametrize(
    ('image', 'labels', 'names'),
    [
        ('{}_image', '{}_annotation', ('*_image', '*_annotation')),
        ('sat_{}', 'gt_{}_v2', ('sat_*', 'gt_*_v2')),
        ('{}/image', '{}/label', ('*/image', '*/label')),
    ],
)
def test_names_pair_by_patterns_in_one_folder(pair, tmp_path, image, labels, names):
    for number in range(4):
        first, second = (f'all/{name.format(number)}.tif' for name in (image, labels))
        pair(first, second, number)
    (tmp_path / 'classes.yaml').write_text('classes: {a: {labels: [0, 1]}, b: {labels: [2, 7]}}')
    arguments = [tmp_path / 'all', tmp_path / 'all', tmp_path / 'classes.yaml']
    options = dict(image_name=names[0], label_name=names[1], tile=40)
    summary = prepare(tmp_path / 'out', *arguments, **options)
    assert sum(summary.images.values()) == 4
    assert 'left out' not in str(summary)
    with pytest.raises(ValueError, match='told apart by --image-name or --label-name'):
        prepare(tmp_path / 'out', *arguments)


def test_the_error_says_what_was_sought_and_what_would_pair(pair, run):
    for number in range(3):
        pair(f'images/{number}_rgb.tif', f'labels/mask_{number}.tif')
    message = (
        r'labels: .* 3 of 3: sought 0_rgb \(for 0_rgb\.tif\).*; there are mask_0\.tif, .*'
        r"try --image-name '\*_rgb' --label-name 'mask_\*'$"
    )
    with pytest.raises(FileNotFoundError, match=message):
        run(split='scene')
    assert sum(run(split='scene', image_name='*_rgb', label_name='mask_*').images.values())


def test_the_same_command_runs_when_labels_are_mended(pair, run, write, tmp_path, capsys):
    """The file that was wrong was cut in part; what was cut is not kept."""
    for number, name in enumerate('ab'):
        pair(f'images/{name}.tif', f'labels/{name}.tif', number, (96, 40))
    wrong = np.full((96, 40), 7, np.uint8)
    wrong[90] = 9
    write(tmp_path / 'labels' / 'a.tif', wrong, (5e5, 5e6))
    with pytest.raises(ValueError, match='found 9 in'):
        run()
    write(tmp_path / 'labels' / 'a.tif', np.full((96, 40), 1, np.uint8), (5e5, 5e6))
    summary = run()
    assert 'begins anew' in capsys.readouterr().out
    assert all(
        (read_mask(path) == 0).all()
        for (name, *_), path in tiles(summary.out, 'ann_dir').items()
        if name == 'a'
    )
    write(tmp_path / 'labels' / 'b.tif', np.full((96, 40), 1, np.uint8), (51e4, 5e6))
    with pytest.raises(FileExistsError, match='found one with another files'):
        run()


@pytest.mark.parametrize(
    ('listed', 'given', 'borrowed', 'note'),
    [
        ('train: [a]\ntest: [b]', None, 'test', 'no val split: training leaves'),
        (None, dict(val=0, test=0.4), 'test', 'no val split: training leaves'),
        ('train: [a]\nval: [b]', None, 'val', 'no test split: tests score val'),
        ('train: [a, b]', None, None, 'no test split: nothing to test'),
    ],
)
def test_no_split_takes_the_place_of_val(pair, run, tmp_path, listed, given, borrowed, note):
    from ktda_mmseg.engine.run_config import leave_out_validation

    for number, name in enumerate('ab'):
        pair(f'images/{name}.tif', f'labels/{name}.tif', number)
    (tmp_path / 'own.yaml').write_text(listed or '')
    options = given or {}
    summary = run(split=str(tmp_path / 'own.yaml') if listed else 'scene', **options)
    assert note in str(summary)
    prepared = Config.fromfile(summary.out / 'dataset.py').prepared
    folders = {s: d and d['data_prefix']['img_path'] for s, d in prepared.items()}
    val = 'img_dir/val' if borrowed == 'val' else None
    test = borrowed and f'img_dir/{borrowed}'
    assert folders == dict(train='img_dir/train', val=val, test=test)
    loaders = {f'{s}_dataloader': dict(batch_size=1, dataset=d) for s, d in prepared.items()}
    checkpoint = dict(type='CheckpointHook', save_best='mIoU')
    config = Config(dict(
        **loaders, val_cfg={}, val_evaluator={}, default_hooks=dict(checkpoint=checkpoint)
    ))  # fmt: skip
    leave_out_validation(config)
    assert (config.val_dataloader is None) == (config.val_cfg is None) == (val is None)
    assert ('save_best' in config.default_hooks.checkpoint) == (val is not None)


def test_advice_for_chips_that_touch_leads_to_a_split(pair, run, write, tmp_path, rng):
    """Nine chips, three by three; each error's advice is taken."""
    for number in range(9):
        kind = rng.integers(0, 4, (32, 32))
        origin = (5e5 + 320 * (number % 3), 5e6 - 320 * (number // 3))
        pixels = rng.integers(1, 256, (3, 32, 32)).astype(np.uint8)
        write(tmp_path / 'images' / f'c{number}.tif', pixels, origin)
        write(tmp_path / 'labels' / f'c{number}.tif', NUMBERS[kind], origin)
    with pytest.raises(ValueError, match='try --guard 0'):
        run(split='scene')
    with pytest.raises(ValueError, match='try --split scene --guard 0'):
        run(split='block')
    summary = run(split='scene', guard=0)
    assert sum(summary.images.values()) == 9 and summary.images['train'] >= 5


def test_a_lone_scene_is_advised_a_block_that_works(pair, run):
    pair('images/s.tif', 'labels/s.tif', 0, (150, 150))
    with pytest.raises(ValueError, match='try --block 64 --guard 0$'):
        run(split='block')
    assert set(run(split='block', block=64, guard=0).images) == {'train', 'val', 'test'}


def test_an_image_in_a_sub_dataset(pair, tmp_path):
    pixels, _ = pair('s.tif', 'labels/s.tif', 0, (100, 100))
    with rasterio.open(tmp_path / 's.tif') as scene:
        profile = scene.profile | dict(driver='GPKG', raster_table='image', tile_format='PNG')
        with rasterio.open(tmp_path / 'g.gpkg', 'w', **profile) as package:
            package.write(scene.read())
    (tmp_path / 'classes.yaml').write_text('classes: {a: {labels: [0, 1]}, b: {labels: [2, 7]}}')
    image = type(tmp_path)(f'GPKG:{tmp_path}/g.gpkg:image')
    arguments = [image, tmp_path / 'labels' / 's.tif', tmp_path / 'classes.yaml']
    summary = prepare(
        tmp_path / 'out', *arguments, split='block', block=50, guard=0, tile=25, bands=[1, 2, 3]
    )
    for (name, y, x), path in tiles(summary.out, 'img_dir').items():
        assert name == 'g_image'
        with open_raster(path) as tile:
            assert np.array_equal(tile.read(), pixels[:, y : y + 25, x : x + 25])


def test_a_prepared_folder_is_read_again_with_its_places(pair, run, tmp_path):
    """Tiles of this version, and of those that wrote .aux.xml beside them."""
    from ktda_mmseg.datasets.reading import read_footprint

    for number, name in enumerate('ab'):
        pair(f'images/{name}.tif', f'labels/{name}.tif', number)
    out = run(tile=40).out
    path = out / 'img_dir' / 'train' / 'a_y00000_x00000.png'
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    old = tmp_path / 'old.png'
    with open_raster(path) as tile, rasterio.open(tmp_path / 'images' / 'a.tif') as scene:
        assert (tile.crs, tile.transform) == (scene.crs, scene.transform)
        with rasterio.open(old, 'w', driver='PNG', width=40, height=40, count=3, dtype='uint8',
                           crs=scene.crs, transform=scene.transform) as raster:  # fmt: skip
            raster.write(scene.read())
    assert old.with_name('old.png.aux.xml').exists()
    assert read_footprint(old) == read_footprint(path) is not None

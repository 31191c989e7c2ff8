"""Labels of any kind, grid and reference system become those of the pixels."""

import numpy as np
import pytest
from PIL import Image

from .conftest import (
    CLASSES,
    INDICES,
    ORIGINS,
    masks,
    read_mask,
    tiles,
)

geopandas = pytest.importorskip('geopandas')
COLOURS = np.array([[0, 0, 0], [0, 0, 255], [0, 0, 128], [0, 255, 0]], np.uint8)
COLOUR_CLASSES = """
classes:
  water: {labels: ['#0000ff', '#000080']}
  forest: {labels: ['#00ff00']}
ignore: ['#000000']
"""


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
    summary = run(COLOUR_CLASSES, label_name='*_gt')
    for mask, expected in masks(summary.out, {n: INDICES[kind] for n, kind in kinds.items()}):
        assert np.array_equal(mask, expected)


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
    found = [*masks(summary.out, {name: INDICES[kind] for name, kind in kinds.items()})]
    assert len(found) == 12
    assert all(np.array_equal(mask, expected) for mask, expected in found)


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
        found = tiles(summary.out, 'ann_dir')
        row = np.concatenate([read_mask(found['a', 32, x])[6] for x in (0, 32)])
        # the centre of a pixel decides: the second begins 6 m into column 9
        assert row.tolist() == [0] * 10 + [1] * 30 + [rest] * 11
        (tmp_path / 'out').rename(tmp_path / other)


def test_labels_of_another_grid_are_aligned_by_the_nearest(source, run, write, tmp_path, kinds):
    """Labels of 20 m pixels that begin 200 m further west and end before the image does."""
    source()
    west, north = ORIGINS['a']
    coarse = np.full((25, 40), 2, np.uint8)
    coarse[:, :15] = 7
    write(tmp_path / 'labels' / 'a.tif', coarse, (west - 200, north), pixel=20)
    summary = run()
    whole = np.full((50, 70), 9, np.uint8)
    for (name, y, x), path in tiles(summary.out, 'ann_dir').items():
        if name == 'a':
            mask = read_mask(path)
            whole[y : y + mask.shape[0], x : x + mask.shape[1]] = mask
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
    found = tiles(summary.out, 'ann_dir')
    upper, lower = read_mask(found['a', 0, 0]), read_mask(found['a', 32, 0])
    known = upper[:, :20]
    assert set(np.unique(known[:15])) <= {0, 255} and (known[8:20] == 0).mean() > 0.9
    assert (lower[:6, :20] == 1).mean() > 0.9

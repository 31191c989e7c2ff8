"""The last word of a run: maps, scores over all scenes, and what failed."""

import numpy as np
import pytest

from ktda_mmseg.scenes.map.running import map_scenes
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer

pytest.importorskip('rasterio')


def test_scores_are_those_of_all_pixels_of_the_maps_there_are(brightest, write, tmp_path, capsys):
    scenes, masks, hits, pixels = {}, {}, 0, 0
    for name, height in (('a', 10), ('b', 40), ('c', 20)):
        rng = np.random.default_rng(height)
        bands = rng.permutation(2 * height * 20).reshape(2, height, 20).astype(np.uint16)
        truth = rng.integers(0, 2, (1, height, 20), np.uint8)
        scenes[name] = write(bands, f'{name}.tif')
        masks[name] = write(truth, f'{name}_mask.tif')
        if name != 'c':
            hits += (bands.argmax(0) == truth[0]).sum()
            pixels += truth.size
    scenes['c'].write_bytes(b'no raster')
    out = tmp_path / 'out'
    ending = map_scenes(SceneInferencer(brightest), scenes, out, masks)
    assert ending.startswith(f'error: 1 of 3 scenes failed: {scenes["c"]}: expected')
    printed = capsys.readouterr().out
    assert f"'aAcc': {round(100 * hits / pixels, 2)}" in printed
    assert f'{out / "a.tif"}\n{out / "b.tif"}\n' in printed

    scenes.pop('c')
    assert map_scenes(SceneInferencer(brightest), scenes, out, {}) == 0
    printed = capsys.readouterr().out
    assert printed == ''.join(f'{out / name}.tif (was there already)\n' for name in 'ab')

"""The Landsat sample as it was published, read by rasterio as the oracle."""

import numpy as np
import pytest
from mmengine.config import Config

from ktda_mmseg.scenes.check.faults import by_kind
from ktda_mmseg.scenes.check.running import check

pytestmark = pytest.mark.filterwarnings('ignore:Dataset has no geotransform')


def test_bands_of_real_tiles_and_what_is_wrong_with_the_raw_set(shared):
    """Masks hold USGS codes, and 32 have no image; the bands are those that rasterio reads."""
    rasterio = pytest.importorskip('rasterio')
    folder = shared / 'data' / 'l8_biome_sample' / 'train'
    selected = (8, 1, 5)
    dataset = dict(
        type='L8BiomeDataset',
        data_root=str(folder),
        data_prefix=dict(img_path='Images', seg_map_path='Masks'),
        img_suffix='.tif',
        seg_map_suffix='.tif',
        pipeline=[dict(type='LoadRasterFromFile', bands=selected)],
    )
    checked = check(Config(dict(train_dataloader=dict(dataset=dataset))))

    pixels, wrong = [], 0
    for path in sorted((folder / 'Images').glob('*.tif')):
        with rasterio.open(path) as raster:
            pixels.append(raster.read(selected).astype(np.float64).reshape(3, -1))
        with rasterio.open(folder / 'Masks' / path.name) as raster:
            wrong += not np.isin(raster.read(1), (0, 1, 2, 3, 255)).all()
    bands = np.concatenate(pixels, axis=1)
    for band, values in zip(checked.surveys[0].bands, bands):
        np.testing.assert_allclose([band.mean, band.std], [values.mean(), values.std()], rtol=1e-9)
        assert (band.low, band.high) == (values.min(), values.max())
        for percent in (2, 50, 98):
            expected = np.percentile(values, percent, method='inverted_cdf')
            np.testing.assert_allclose(band.percentile(percent), expected, rtol=5e-3)

    kinds = {kind: len(faults) for (_, kind), faults in by_kind(checked.faults).items()}
    assert kinds.pop('mask without image') == 32
    # tiles of nothing but cloud, whose USGS code is that of ignored pixels
    assert kinds.pop('mask is all ignore') == len(pixels) - wrong
    assert kinds == {'label values': wrong, 'class absent from a split': 1}

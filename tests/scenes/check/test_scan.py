"""Each fault alone gives that finding and no other."""

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.check.faults import Fault, by_kind, verdict

from .conftest import LOADING, RASTERS, SIZE, DataSet

pytestmark = pytest.mark.filterwarnings('ignore:Dataset has no geotransform')


def only(faults: list[Fault]) -> Fault:
    assert len(faults) == 1, faults
    return faults[0]


@pytest.mark.parametrize(('suffix', 'dtype'), [('.png', 'uint8'), ('.tif', 'uint16')])
def test_sound_data_have_no_fault(tmp_path, suffix, dtype):
    assert DataSet(tmp_path, suffix, 3 if suffix == '.png' else 2, dtype).faults() == []


def test_a_pipeline_that_remembers_samples_reads_as_one_that_does_not(tmp_path):
    data = DataSet(tmp_path, '.tif', 2, 'uint16')
    assert data.faults(pipeline=[dict(type='RememberSample', transforms=RASTERS)]) == []


def test_a_mask_without_image_is_an_error_where_the_data_set_refuses_it(rgb):
    rgb.write_mask('val', 'alone', np.zeros((SIZE, SIZE)))
    fault = only(rgb.faults())
    assert (fault.severity, fault.kind) == ('error', 'mask without image')
    assert fault.message.startswith(f'{rgb.mask("val", "alone")}: ')
    assert only(rgb.faults(type='BaseSegDataset')).severity == 'warning'


@pytest.mark.parametrize(
    ('shape', 'found'), [((SIZE, SIZE), '1'), ((SIZE, SIZE, 4), '4'), ((SIZE, SIZE, 2), '2')]
)
def test_another_number_of_bands(rgb, shape, found):
    Image.fromarray(rgb.rng.integers(0, 256, shape, np.uint8)).save(rgb.image('train', 'a'))
    fault = only(rgb.faults())
    assert fault.message == f'{rgb.image("train", "a")}: expected 3 bands, found {found}'


def test_a_grey_image_is_fine_where_mmcv_makes_it_rgb(rgb):
    Image.fromarray(rgb.rng.integers(0, 256, (SIZE, SIZE), np.uint8)).save(rgb.image('train', 'a'))
    assert rgb.faults(pipeline=[dict(type='LoadImageFromFile')]) == []


@pytest.mark.parametrize('bands', [1, 3])
def test_sixteen_bits_are_named_where_the_loader_reads_eight(rgb, bands):
    cv2 = pytest.importorskip('cv2')
    pixels = rgb.rng.integers(0, 1 << 16, (SIZE, SIZE, bands)).astype(np.uint16)
    cv2.imwrite(str(rgb.image('train', 'a')), pixels)
    wanted = [LOADING, dict(type='CheckSample', bands=bands)]
    fault = next(f for f in rgb.faults(pipeline=wanted) if 'train/a.png' in f.message)
    assert fault.kind == 'type of values'
    assert fault.message.endswith('or LoadRasterFromFile in the pipeline, found uint16')


@pytest.mark.parametrize(('dtype', 'value'), [('uint8', 7), ('uint16', 300)])
def test_a_label_that_is_no_class_is_counted(rgb, dtype, value):
    labels = (np.arange(SIZE * SIZE) % 5).reshape(SIZE, SIZE)
    labels[3, 4:6] = value
    path = rgb.write_mask('train', 'b', labels, dtype)
    assert only(rgb.faults()).message == (
        f'{path}: expected labels 0 to 4 or 255 (ignored), found {value} in 2 pixels'
    )


@pytest.mark.parametrize('kept', [0, 0.3, 0.9])
@pytest.mark.parametrize('kind', ['image', 'mask'])
def test_a_truncated_png_is_named(rgb, kind, kept):
    path = getattr(rgb, kind)('val', 'd')
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    fault = only(rgb.faults())
    assert fault.kind == 'unreadable file'
    assert fault.message.startswith(f'{path}: expected a complete')


@pytest.mark.parametrize('kept', [0, 0.3, 0.9])
@pytest.mark.parametrize('options', [{}, dict(compress='deflate'), dict(compress='lzw')], ids=str)
def test_a_truncated_tiff_is_named(floats, options, kept):
    path = floats.image('val', 'd')
    pixels = floats.rng.normal(size=(SIZE, SIZE, 2)).astype(np.float32)
    floats.write_image('val', 'd', pixels, **options)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    fault = only(floats.faults())
    assert fault.kind == 'unreadable file'
    assert fault.message.startswith(f'{path}: expected a complete raster, found: ')


def test_nan_and_infinity_are_counted_unless_they_are_nodata(floats):
    pixels = floats.rng.normal(size=(SIZE, SIZE, 2)).astype(np.float32)
    pixels[0, :3, 0] = np.nan
    floats.write_image('train', 'a', pixels, nodata=float('nan'))
    assert floats.faults() == []
    pixels[1, 1] = np.inf
    floats.write_image('train', 'a', pixels)
    fault = only(floats.faults())
    assert fault.message.endswith('found NaN in 3 pixels, infinity in 1 pixels')


@pytest.mark.parametrize(('nodata', 'kinds'), [(-9999, ['nodata in some bands']), (-1, [])])
def test_a_fill_value_that_counts_as_data_is_named(floats, nodata, kinds):
    """A nodata value among the values is one of them; nothing is said with nodata='any'."""
    pixels = floats.rng.uniform(-1, 1, (SIZE, SIZE, 2)).astype(np.float32)
    pixels[3, :, 1] = nodata
    floats.write_image('train', 'a', pixels, nodata=nodata)
    assert [fault.kind for fault in floats.faults()] == kinds
    steps = [dict(type='LoadRasterFromFile', nodata='any'), dict(type='IgnoreNodata')]
    assert floats.faults(pipeline=steps) == []


@pytest.mark.parametrize('where', ['mask', 'nodata', 'both'])
def test_a_tile_without_labelled_pixels_is_named(floats, where):
    labels = (np.arange(SIZE * SIZE) % 5).reshape(SIZE, SIZE)
    pixels = floats.rng.normal(size=(SIZE, SIZE, 2)).astype(np.float32)
    if where != 'nodata':
        labels[: SIZE if where == 'mask' else 20] = 255
    if where != 'mask':
        pixels[0 if where == 'nodata' else 20 :] = -9999
        pixels[0, 0] = [0, 1]
    labels[0, 0] = 255
    floats.write_image('train', 'a', pixels, nodata=-9999)
    path = floats.write_mask('train', 'a', labels)
    kinds = {fault.kind: fault for fault in floats.faults()}
    assert kinds['mask is all ignore'].message.startswith(f'{path}: ')


def test_a_band_that_is_selected_but_not_there(floats):
    steps = [dict(type='LoadRasterFromFile', bands=[2, 3])]
    messages = [fault.message for fault in floats.faults(pipeline=steps)]
    assert f'{floats.image("train", "a")}: expected at least 3 bands, found 2' in messages
    assert len(messages) == 7
    steps = [dict(type='LoadRasterFromFile', bands=[2]), dict(type='CheckSample', bands=1)]
    assert floats.faults(pipeline=steps) == []


def test_a_class_absent_from_a_split(rgb):
    for name in 'fg':
        rgb.write_mask('test', name, np.arange(SIZE * SIZE).reshape(SIZE, SIZE) % 4)
    assert only(rgb.faults()).message == 'test: expected pixels of each class, found none of e'


def test_an_image_of_one_value(rgb):
    rgb.write_image('train', 'a', np.full((SIZE, SIZE, 3), 9, np.uint8))
    assert only(rgb.faults()).kind == 'image of one value'


def test_verdicts_and_groups_put_errors_first():
    remark, warning, error = (Fault(s, s[0], '') for s in ('remark', 'warning', 'error'))
    assert verdict([remark]) == 'ok'
    assert verdict([warning]) == '0 errors, 1 warning'
    assert verdict([warning, error, error]) == '2 errors, 1 warning'
    groups = by_kind([remark, warning, error])
    assert [severity for severity, _ in groups] == ['error', 'warning', 'remark']

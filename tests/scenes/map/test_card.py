"""A card says what a config's pipeline and preprocessor do to stored values."""

import json
from dataclasses import replace

import numpy as np
import pytest
from mmengine.config import Config

from ktda_mmseg.scenes.map.card import ModelCard

META = dict(classes=('a', 'b'), palette=[[0, 0, 0], [9, 8, 7]])


def config_of(loading, preprocessor, **test_cfg):
    model = dict(data_preprocessor=preprocessor, test_cfg=test_cfg)
    return Config(dict(model=model, test_pipeline=[dict(loading), dict(type='Resize')]))


def rgb(**changes):
    preprocessor = dict(mean=[1, 2, 3], std=[4, 5, 6], bgr_to_rgb=True, size=(64, 48))
    return config_of(dict(type='LoadImageFromFile'), {**preprocessor, **changes})


def test_pictures_are_read_as_the_network_sees_them():
    card = ModelCard.of(rgb(), META)
    assert (card.bands, card.dtype, card.window) == ((1, 2, 3), 'uint8', (64, 48))
    assert card.mean == card.fill == (1, 2, 3)
    assert ModelCard.of(rgb(bgr_to_rgb=False), META).bands == (3, 2, 1)
    assert ModelCard.of(rgb(bgr_to_rgb=False, rgb_to_bgr=True), META).bands == (1, 2, 3)


def test_several_data_sets_that_are_tested_are_read_as_the_first():
    config = rgb()
    parts = [dict(pipeline=config.pop('test_pipeline')), dict(pipeline=[])]
    config.test_dataloader = dict(dataset=dict(type='ConcatDataset', datasets=parts))
    assert ModelCard.of(config, META) == ModelCard.of(rgb(), META)


def test_scale_offset_and_fill_are_part_of_the_normalisation():
    loading = dict(
        type='LoadRasterFromFile', bands=[4, 2], scale=[0.1, 2], offset=-3, fill=[5, 6], nodata=0
    )
    card = ModelCard.of(config_of(loading, dict(mean=[1, 2], std=[3, 4], size=(8, 8))), META)
    stored = np.array([100.0, 7.0])
    loaded = stored * loading['scale'] + loading['offset']
    np.testing.assert_allclose(
        (stored - card.mean) / card.std, (loaded - [1, 2]) / [3, 4], rtol=1e-12
    )
    np.testing.assert_allclose(np.array(card.fill) * loading['scale'] - 3, loading['fill'])
    assert (card.bands, card.nodata, card.dtype) == ((4, 2), 0, None)


def test_bands_that_are_not_named_are_all_of_them():
    preprocessor = dict(mean=[0] * 5, std=[1] * 5, size=(8, 8))
    card = ModelCard.of(config_of(dict(type='LoadRasterFromFile'), preprocessor), META)
    assert card.bands == (1, 2, 3, 4, 5) and card.fill == (0,) * 5


@pytest.mark.parametrize(('mode', 'window'), [('slide', (32, 32)), ('whole', (64, 48))])
def test_the_window_is_the_one_that_slides_or_that_of_training(mode, window):
    config = rgb()
    config.model.test_cfg = dict(mode=mode, crop_size=(32, 32))
    assert ModelCard.of(config, META).window == window


@pytest.mark.parametrize(
    ('said', 'size'), [(None, None), (30, (30, 30)), ((10.0, 7.1), (10, 7.1)), ([5, 5], (5, 5))]
)
def test_the_ground_size_is_what_the_config_says(said, size):
    config = rgb()
    if said is not None:
        config.ground_size = said
    assert ModelCard.of(config, META).ground_size == size


@pytest.mark.parametrize('wrong', [0, -1, 'large', [1, 2, 3], [1, float('nan')], float('inf')])
def test_a_ground_size_that_is_none_is_told(wrong):
    config = rgb()
    config.ground_size = wrong
    with pytest.raises(ValueError, match='expected ground_size of the config in metres'):
        ModelCard.of(config, META)


def test_a_card_of_before_there_were_ground_sizes_is_read(tmp_path):
    card = ModelCard.of(rgb(), META)
    card.write(tmp_path / 'card.json')
    content = json.loads((tmp_path / 'card.json').read_text())
    del content['ground_size']
    (tmp_path / 'card.json').write_text(json.dumps(content))
    assert ModelCard.read(tmp_path / 'card.json') == card


@pytest.mark.parametrize('size', [None, (10.0, 7.1)])
def test_what_is_written_is_read(size, tmp_path):
    card = replace(ModelCard.of(rgb(), META), ground_size=size)
    card.write(tmp_path / 'card.json')
    assert ModelCard.read(tmp_path / 'card.json') == card
    assert json.loads((tmp_path / 'card.json').read_text())['classes'] == ['a', 'b']


@pytest.mark.parametrize('content', ['{', '[]', '{"classes": ["a"]}', '{"colour": 1}'])
def test_other_files_are_no_cards(tmp_path, content):
    path = tmp_path / 'card.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=r'card\.json: expected a model card'):
        ModelCard.read(path)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.json: expected the model card'):
        ModelCard.read(tmp_path / 'none.json')
    with pytest.raises(ValueError, match=r"expected classes and palette .*got \['classes'\]"):
        ModelCard.of(rgb(), dict(classes=('a',)))
    with pytest.raises(ValueError, match='expected test_pipeline of the config to hold one of'):
        ModelCard.of(config_of(dict(type='LoadNothing'), dict(mean=[0], std=[1])), META)
    with pytest.raises(ValueError, match=r'expected model\.data_preprocessor\.size or crop_size'):
        ModelCard.of(rgb(size=None), META)

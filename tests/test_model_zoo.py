"""Published models are what their cards and their page say, and map images."""

import hashlib
import json
import re
from pathlib import Path
from statistics import median_low

import numpy as np
import pytest
import yaml
from PIL import Image

from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.predictors import load_predictor
from ktda_mmseg.scenes.prepare.l8_biome import prepare
from ktda_mmseg.studies import Study

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / 'docs' / 'model_zoo.md').read_text(encoding='utf-8')
CARDS = sorted(ROOT.glob('model_zoo/*/metafile.yml'))
SAMPLE = ROOT / 'docs' / 'images' / 'dubai_sample.jpg'


def test_every_card_is_in_the_index():
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    listed = {model['Name']: model for model in index['Models'] if 'Weights' in model}
    cards = [yaml.safe_load(path.read_text())['Models'][0] for path in CARDS]
    assert listed.keys() == {card['Name'] for card in cards} != set()
    for card in cards:
        entry = listed[card['Name']]
        assert entry.pop('Metadata').items() <= card.pop('Metadata').items()
        assert entry == card


@pytest.fixture(params=[path.parent.name for path in CARDS])
def model(request):
    card = ROOT / 'model_zoo' / request.param / 'metafile.yml'
    (model,) = yaml.safe_load(card.read_text())['Models']
    if not (ROOT / model['Weights']).is_file():
        pytest.skip('a source distribution has no weights')
    return model


def test_the_card_is_that_of_the_files(model):
    told, weights = model['Metadata'], ROOT / model['Weights']
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == told['SHA-256']
    assert weights.stat().st_size == told['Size'] < 8e6
    content = read_checkpoint(weights)
    assert list(content['meta']['dataset_meta']['classes']) == told['Classes']
    # batch norms keep two statistics for each two parameters
    count = sum(
        value.numel()
        for key, value in content['state_dict'].items()
        if not key.rpartition('.')[2].startswith(('running_', 'num_batches'))
    )
    assert count == told['Parameters']


def test_the_card_has_the_scores_of_the_study(model):
    told = model['Metadata']
    name, _, title = told['Study'].partition(': ')
    study = Study.load(ROOT / 'studies' / f'{name}.yaml')
    (row,) = [row.name for row in study.rows.values() if row.title == title]
    (dataset,) = study.datasets
    folder = ROOT / 'docs' / 'results' / name / dataset / row
    files = {seed: folder / f'seed_{seed}.json' for seed in study.seeds}
    tests = {
        seed: json.loads(path.read_bytes())['test']
        for seed, path in files.items()
        if path.is_file()
    }
    scores = [test['mIoU'] for test in tests.values()]
    assert told['mIoU of all Seeds'] == [round(score, 2) for score in scores]
    test = tests[told['Seed']]
    assert test['mIoU'] == median_low(scores)
    metrics = model['Results'][0]['Metrics']
    assert metrics == {key: round(test[key], 2) for key in ('mIoU', 'OA', 'mF1')}
    for figure in (f'{metrics["mIoU"]:.2f}', f'{metrics["OA"]:.2f}', told['SHA-256']):
        assert figure in PAGE, figure
    assert f'{told["Parameters"]:,}' in PAGE and f'seed {told["Seed"]}' in PAGE
    for key in ('Config', 'Weights'):
        assert model[key] in PAGE


@pytest.mark.parametrize('model', ['dubai_taught'], indirect=True)
def test_the_sample_is_mapped_as_it_was_labelled(model, tmp_path):
    pytest.importorskip('timm')
    rasterio = pytest.importorskip('rasterio')
    predictor = load_predictor(ROOT / model['Config'], ROOT / model['Weights'], device='cpu')
    (result,) = SceneInferencer(predictor)([SAMPLE], tmp_path)
    assert result.error is None
    with rasterio.open(result.files['map']) as raster:
        labels = raster.read(1)
        assert raster.tags(1)['class_0'] == model['Metadata']['Classes'][0]
    # not a test image that it knows: mosaic 2 is one of the test
    mask = ROOT / 'notebooks' / 'data' / 'masks' / 'image_part_004.png'
    colours = np.asarray(Image.open(mask).convert('RGB'))
    right = (np.array(predictor.card.palette)[labels] == colours).all(-1)
    (stated,) = re.findall(r"([\d.]+) % of the sample's pixels", PAGE)
    # a decoder of JPEG rounds otherwise than another
    assert 100 * right.mean() == pytest.approx(float(stated), abs=0.5)


@pytest.mark.parametrize('model', ['l8_biome_ktda'], indirect=True)
def test_clouds_are_mapped_as_the_card_says(model, shared, tmp_path):
    rasterio = pytest.importorskip('rasterio')
    source, tiles = shared / 'data' / 'l8_biome_sample', tmp_path / 'tiles'
    prepare(source, tiles, stretch='0,0.5')
    predictor = load_predictor(ROOT / model['Config'], ROOT / model['Weights'], device='cpu')
    scenes = sorted((tiles / 'img_dir' / 'test').glob('*.png'))
    right = []
    for result in SceneInferencer(predictor)(scenes, tmp_path / 'maps'):
        labels = np.asarray(Image.open(tiles / 'ann_dir' / 'test' / f'{result.path.stem}.png'))
        with rasterio.open(result.files['map']) as raster:
            right.append((raster.read(1) == labels)[labels != 255])
    # windows of maps overlap, and kernels were stored in half precision
    assert 100 * np.concatenate(right).mean() == pytest.approx(
        model['Results'][0]['Metrics']['OA'], abs=1.5
    )

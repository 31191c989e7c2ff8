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


@pytest.fixture(params=CARDS, ids=lambda path: path.parent.name)
def model(request):
    (model,) = yaml.safe_load(request.param.read_text())['Models']
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
    study = told['Study'].partition(':')[0]
    folder = ROOT / 'docs' / 'results' / study / 'dubai' / model['Name'].removeprefix('dubai_')
    results = [json.loads((folder / f'seed_{seed}.json').read_bytes()) for seed in range(5)]
    scores = [result['test']['mIoU'] for result in results]
    assert told['mIoU of all Seeds'] == [round(score, 2) for score in scores]
    assert scores[told['Seed']] == median_low(scores)
    test = results[told['Seed']]['test']
    metrics = model['Results'][0]['Metrics']
    assert metrics == {key: round(test[key], 2) for key in ('mIoU', 'OA', 'mF1')}
    for figure in (f'{metrics["mIoU"]:.2f}', f'{metrics["OA"]:.2f}', told['SHA-256']):
        assert figure in PAGE, figure
    assert f'{told["Parameters"]:,}' in PAGE and f'seed {told["Seed"]}' in PAGE
    for key in ('Config', 'Weights'):
        assert model[key] in PAGE


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

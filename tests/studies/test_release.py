"""What is published of a row is its median seed, with a card that says what it is."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config
from mmseg.registry import MODELS

import ktda_mmseg
from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.studies.release import publish

RIGHT = (90, 50, 70)  # by seed: the last is the median


@pytest.fixture
def studied(load, write_result, tiny_model):
    """A study with results of three seeds, and the checkpoint of one that only has weights."""
    study = load()
    tiny_model.decode_head.num_classes = 3
    tiny_model.decode_head.modulation.update(depth=1)
    tiny_model.backbone.arch.depths = [1, 1, 1, 1]
    folder = Path('work_dirs', 'studies', 'try', 'town', 'full', 'seed_2')
    folder.mkdir(parents=True)
    Config(
        dict(
            model=tiny_model,
            ground_size=(0.5, 0.5),
            test_pipeline=[dict(type='LoadImageFromFile')],
            custom_imports=dict(imports=[ktda_mmseg.__name__], allow_failed_imports=False),
        )
    ).dump(folder / 'config.py')
    meta = dict(classes=['land', 'water', 'road'], palette=[[1, 2, 3]] * 3)
    weights = MODELS.build(tiny_model).state_dict()
    content = {'state_dict': weights, 'meta': {'dataset_meta': meta}}
    torch.save(content, folder / 'iter_40.pth')
    for seed, right in enumerate(RIGHT):
        write_result('full', seed, right)
        path = Path('docs', 'results', 'try', 'town', 'full', f'seed_{seed}.json')
        result = json.loads(path.read_bytes())
        result |= dict(study='try', config='config.py', versions=dict(torch='2.5'))
        result['checkpoint'] = dict(rule='last', iteration=40)
        result['machine']['date'] = '2026-11-28'
        path.write_text(json.dumps(result))
    return study


def test_the_median_seed_and_its_card(studied):
    card = publish(studied.path, 'full', Path('zoo', 'towns'))
    assert card == Path('zoo', 'towns', 'metafile.yml')
    (model,) = yaml.safe_load(card.read_text())['Models']
    told = model['Metadata']
    # the mean of IoU by hand, from the matrix in conftest.py
    scores = [round(100 * (right / 115 + 90 / (205 - right)) / 3, 2) for right in RIGHT]
    assert told['mIoU of all Seeds'] == scores
    assert told['Seed'] == 2 and model['Results'][0]['Metrics']['mIoU'] == scores[2]
    assert (told['Classes'], told['Bands']) == (['land', 'water', 'road'], [1, 2, 3])
    assert told['Ground Size'] == [0.5, 0.5] and told['Iterations'] == 40
    weights = Path(model['Weights'])
    assert told['SHA-256'] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert told['Size'] == weights.stat().st_size
    network = MODELS.build(Config.fromfile(model['Config']).model)
    assert type(network).__name__ == 'EncoderDecoder'
    network.load_state_dict(read_checkpoint(weights)['state_dict'], strict=True)
    names = {path.name for path in card.parent.iterdir()}
    assert names == {'towns.pth', 'towns.py', 'metafile.yml'}


def test_what_is_not_there_is_told(studied, load):
    with pytest.raises(ValueError, match='expected a result of row alone, found none'):
        publish(studied.path, 'alone', Path('zoo'))
    Path('work_dirs/studies/try/town/full/seed_2/iter_40.pth').unlink()
    with pytest.raises(FileNotFoundError, match='seed_2: expected the checkpoint of iteration 40'):
        publish(studied.path, 'full', Path('zoo'))
    assert not Path('zoo').exists()
    study = load(datasets=dict(town=None, sea=None))
    with pytest.raises(ValueError, match='expected a study of one data set, got sea, town'):
        publish(study.path, 'full', Path('zoo'))

"""Weights that are not there are told with what mends it, before anything is built."""

from pathlib import Path

import pytest
from mmengine.config import Config

from ktda_mmseg.checkpoints.presence import BRINGING, missing_weights, require_weights

ROOT = Path(__file__).resolve().parents[2]


def config(**model):
    return Config(dict(model=model, load_from=None))


@pytest.mark.parametrize('inner', [dict, lambda **one: [dict(type='A'), one]])
def test_key_file_folder_and_remedy_stand_in_one_line(tmp_path, monkeypatch, inner):
    monkeypatch.chdir(tmp_path)
    key = 'model.teacher' + '.1' * (inner is not dict)
    given = config(teacher=inner(init_cfg=dict(type='Pretrained', checkpoint='some/csmask.pth')))
    with pytest.raises(FileNotFoundError) as failed:
        require_weights(given, 'model', 'load_from')
    assert str(failed.value) == (
        f'{key}.init_cfg.checkpoint: expected the file some/csmask.pth in {tmp_path}, found none; '
        'to bring it: pip download --no-deps ukis-csmask==1.0.0 && ktda convert csmask '
        'ukis_csmask-1.0.0-py3-none-any.whl some/csmask.pth --model model_6b_l1c'
    )


def test_what_no_command_brings_is_told_too():
    (missing,) = missing_weights(config(backbone=dict(checkpoint='mine.pth')), 'model.backbone')
    assert missing == ('model.backbone.checkpoint', 'mine.pth')
    assert missing.command.startswith('# put mine.pth there')


def test_files_that_are_there_and_addresses_pass(tmp_path):
    (tmp_path / 'a.pth').touch()
    given = Config(
        dict(
            model=dict(
                backbone=dict(init_cfg=dict(checkpoint='https://example.org/a.pth')),
                neck=dict(init_cfg=dict(checkpoint='open-mmlab://resnet50')),
                teacher=dict(checkpoint=str(tmp_path / 'a.pth')),
                pretrained=None,
            ),
            load_from=str(tmp_path / 'a.pth'),
        )
    )
    require_weights(given, 'model', 'load_from', 'model.teacher', 'model.absent')
    given.load_from = 'gone.pth'
    with pytest.raises(FileNotFoundError, match='^load_from: expected the file gone.pth'):
        require_weights(given, 'model', 'load_from')


def test_every_file_that_configs_want_in_pretrained_has_a_remedy():
    wanted = set()
    for path in (ROOT / 'configs').rglob('*.py'):
        for part in path.read_text().split("'pretrained/")[1:]:
            wanted.add(part.partition("'")[0])
    assert wanted == set(BRINGING)

"""Official KTDA checkpoints become ours, key by key."""

from __future__ import annotations

import re

import pytest
import torch
from mmengine.config import ConfigDict
from mmseg.registry import MODELS

import ktda_mmseg  # noqa: F401
from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.checkpoints.official_ktda import convert_official

SCRIPT = 'model_converters/official_to_ktda.py'


def official_weights():
    """One key of every kind that the official code has."""
    keys = [
        'backbone.stages.0.0.gamma', 'backbone.norm3.weight', 'neck.convs.0.conv.weight',
        'fam.convert.0.weight', 'fmm.adapters.3.1.attn.qkv.weight', 'fmm.adapters.0.0.fc1.bias',
        'decode_head.conv_seg.weight', 'auxiliary_head.convs.0.bn.running_mean',
        'auxiliary_head.2.conv_seg.bias', 'teach_backbone.layers.0.ln1.weight',
        'teach_backbone.cls_token',
    ]  # fmt: skip
    return {key: torch.full((1,), float(index)) for index, key in enumerate(keys)}


def test_every_kind_of_key():
    converted = convert_official(official_weights(), 'a.pth')
    assert {key: value.item() for key, value in converted.student.weights.items()} == {
        'backbone.stages.0.0.gamma': 0,
        'backbone.norm3.weight': 1,
        'decode_head.pyramid.convs.0.conv.weight': 2,
        'neck.convert.0.weight': 3,
        'decode_head.modulation.3.1.attn.qkv.weight': 4,
        'decode_head.modulation.0.0.fc1.bias': 5,
        'decode_head.decoder.conv_seg.weight': 6,
        'decode_head.auxiliary.convs.0.bn.running_mean': 7,
        'decode_head.auxiliary.2.conv_seg.bias': 8,
    }
    assert {key: value.item() for key, value in converted.teacher.items()} == {
        'layers.0.ln1.weight': 9,
        'cls_token': 10,
    }


@pytest.mark.parametrize(
    ('official', 'older'),
    [
        ('fam.', 'student_adapter.'),
        ('fmm.adapters.', 'adapter.'),
        ('fmm.adapters.', 'da.x.blocks.'),
    ],
)
def test_older_names_convert_to_the_same(official, older):
    renamed = {key.replace(official, older): value for key, value in official_weights().items()}
    assert renamed.keys() != official_weights().keys()
    expected = convert_official(official_weights(), 'a.pth').student.weights
    assert convert_official(renamed, 'a.pth').student.weights == expected


def test_golden_checkpoint_fits_the_models(shared, tmp_path, run_tool, tiny_model):
    golden = torch.load(shared / 'reference' / 'official_reference_a.pth', weights_only=True)
    source, out, teacher = (tmp_path / f'{name}.pth' for name in ('official', 'ktda', 'teacher'))
    meta = {'dataset_meta': {'classes': ('a', 'b')}, 'cfg': 'import vegseg'}
    torch.save(golden['checkpoint'] | {'meta': meta, 'optimizer': {'state': {}}}, source)
    printed = run_tool(SCRIPT, source, out, '--teacher-out', teacher)
    assert '271 tensors of the model' in printed and '62 tensors of the teacher' in printed
    converted = read_checkpoint(out)
    assert converted.keys() == {'meta', 'state_dict'}
    assert converted['meta'] == {'source': 'official.pth', 'dataset_meta': meta['dataset_meta']}
    MODELS.build(tiny_model).load_state_dict(converted['state_dict'], strict=True)
    teacher_model = MODELS.build(ConfigDict(tiny_model.teacher))
    teacher_model.load_state_dict(read_checkpoint(teacher)['state_dict'], strict=True)


def only(*starts):
    return lambda weights: {key: v for key, v in weights.items() if key.startswith(starts)}


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (only('backbone'), r'expected an official KTDA checkpoint .* found backbone \(2\)'),
        (
            only('backbone', 'neck', 'decode_head', 'auxiliary'),
            'expected an official KTDA checkpoint',
        ),
        (lambda w: convert_official(w, 'a').student.weights, 'are those of KTDASegmentor already'),
        (lambda w: w | {'gan.weight': torch.ones(1)}, '1 of 12 keys are unknown .* gan.weight'),
        (
            lambda w: w | {'student_adapter.convert.0.weight': torch.ones(1)},
            'second source of neck',
        ),
        (only('backbone', 'fam', 'decode_head'), 'expected teach_backbone keys for'),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, refusal, change, message):
    weights = {'state_dict': change(official_weights())}
    error = refusal(SCRIPT, weights, '--teacher-out', tmp_path / 'teacher.pth')
    assert re.search(message, error)


def test_suffix_is_checked_first(tmp_path, run_tool):
    with pytest.raises(SystemExit, match=r'out\.onnx: expected a file that ends in one of \.pth'):
        run_tool(SCRIPT, tmp_path / 'absent.pth', tmp_path / 'out.onnx')


def test_missing_source_is_named(tmp_path, run_tool):
    with pytest.raises(SystemExit, match=r'error: checkpoint .*absent\.pth does not exist'):
        run_tool(SCRIPT, tmp_path / 'absent.pth', tmp_path / 'out.pth')


def test_pickle_needs_the_flag(tmp_path, run_tool):
    source, out = tmp_path / 'source.pth', tmp_path / 'out.pth'
    torch.save({'state_dict': official_weights(), 'config': tmp_path}, source)
    with pytest.raises(SystemExit, match=r'source\.pth needs pathlib.*--allow-pickle'):
        run_tool(SCRIPT, source, out)
    run_tool(SCRIPT, source, out, '--allow-pickle')
    assert len(read_checkpoint(out)['state_dict']) == 9

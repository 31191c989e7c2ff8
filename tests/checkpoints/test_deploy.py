"""The deployed model is a plain EncoderDecoder that predicts the same."""

from __future__ import annotations

from inspect import signature

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.apis import inference_model, init_model
from mmseg.models.segmentors import EncoderDecoder
from mmseg.registry import MODELS

import ktda_mmseg
from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.checkpoints.deploy import deploy_config
from ktda_mmseg.models import KTDASegmentor

SCRIPT = 'model_converters/to_deploy.py'


@pytest.fixture
def trained(tmp_path, tiny_model):
    """Config and checkpoint of a trained model, as a runner leaves them."""
    torch.manual_seed(0)
    tiny_model.backbone.init_cfg = dict(type='Pretrained', checkpoint='gone.pth')
    model = MODELS.build(tiny_model)
    for value in model.state_dict().values():
        if value.is_floating_point():
            value.uniform_(0.05, 0.4)
    config = Config(
        dict(
            model=tiny_model,
            default_scope='mmseg',
            custom_imports=dict(imports=[ktda_mmseg.__name__], allow_failed_imports=False),
            custom_hooks=[dict(type='TeacherNoteHook')],
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=1),
            train_dataloader=dict(batch_size=2),
            optim_wrapper=dict(optimizer=dict(type='AdamW', lr=1e-3)),
            test_dataloader=dict(dataset=dict(type='GrassDataset')),
            test_pipeline=[dict(type='LoadImageFromFile'), dict(type='PackSegInputs')],
        )
    )
    config.dump(tmp_path / 'config.py')
    checkpoint = {
        'state_dict': model.state_dict(),
        'meta': {
            'dataset_meta': {'classes': tuple('abcde'), 'palette': [[i] * 3 for i in range(5)]}
        },
        'optimizer': {'state': {}},
    }
    torch.save(checkpoint, tmp_path / 'trained.pth')
    model.eval()
    return model, tmp_path / 'config.py', tmp_path / 'trained.pth'


@pytest.mark.parametrize('drop', [False, True])
@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_predictions_stay(trained, tmp_path, run_tool, drop, suffix):
    model, config, checkpoint = trained
    out = tmp_path / 'deployed' / f'grass{suffix}'
    flags = ['--drop-auxiliary'] if drop else []
    printed = run_tool(SCRIPT, config, checkpoint, out, *flags)
    assert ('left out: decode_head.auxiliary.' in printed) == drop
    cfg = Config.fromfile(out.with_suffix('.py'))
    weights = read_checkpoint(out)['state_dict']
    assert any(key.startswith('decode_head.auxiliary') for key in weights) != drop
    with DefaultScope.overwrite_default_scope('mmseg'):
        plain = MODELS.build(cfg.model)
    assert type(plain).__name__ == 'EncoderDecoder'
    plain.load_state_dict(weights, strict=True)
    plain.eval()
    image = torch.randn(1, 3, 48, 80)
    with torch.no_grad():
        torch.testing.assert_close(plain(image), model(image), rtol=0, atol=0)
    assert {path.name for path in out.parent.iterdir()} == {out.name, 'grass.py'}


def test_config_holds_what_prediction_needs(trained):
    config = Config.fromfile(trained[1])
    taught, plain = (set(signature(kind).parameters) for kind in (KTDASegmentor, EncoderDecoder))
    own = taught - plain - {'kwargs'}
    assert 'teacher' in own
    config.model.update(dict.fromkeys(own, True))
    cfg = deploy_config(config)
    assert not own & cfg.model.keys()
    assert not {'train_cfg', 'optim_wrapper', 'train_dataloader', 'custom_hooks'} & cfg.keys()
    assert {'test_dataloader', 'test_pipeline', 'custom_imports'} <= cfg.keys()
    assert 'init_cfg' not in cfg.pretty_text


def test_no_backbone_looks_for_weights_of_its_own(trained):
    config = Config.fromfile(trained[1])
    timm = dict(type='TimmBackbone', model_name='resnet18', checkpoint='gone.pth')
    config.model.backbone = dict(type='EnlargedBackbone', scale=2, backbone=timm)
    inner = deploy_config(config).model.backbone.backbone
    assert inner == dict(timm, pretrained=False, checkpoint=None)
    # its default is to take them from a package
    config.model.backbone = dict(type='EfficientNetLite0', out_indices=2)
    backbone = deploy_config(config).model.backbone
    assert backbone.pop('pretrained') is False and backbone == config.model.backbone


def test_half_precision_takes_half_the_space(trained, tmp_path, run_tool):
    model, config, checkpoint = trained
    sizes = []
    for name, flags in (('whole', []), ('half', ['--half'])):
        run_tool(SCRIPT, config, checkpoint, tmp_path / f'{name}.pth', '--drop-auxiliary', *flags)
        weights = read_checkpoint(tmp_path / f'{name}.pth')['state_dict']
        sizes.append(sum(value.nbytes for value in weights.values()))
    assert 0.5 < sizes[1] / sizes[0] < 0.6
    types = {(value.ndim > 1, value.dtype) for value in weights.values()}
    assert types - {(False, torch.int64)} == {(True, torch.half), (False, torch.float32)}
    plain = init_model(str(tmp_path / 'half.py'), str(tmp_path / 'half.pth'), device='cpu')
    for key, value in plain.state_dict().items():
        assert value.dtype == model.state_dict()[key].dtype
        torch.testing.assert_close(value, model.state_dict()[key], rtol=2**-11, atol=0)


def test_weights_beyond_half_precision_are_refused(trained, tmp_path, run_tool):
    _, config, checkpoint = trained
    content = torch.load(checkpoint, weights_only=True)
    content['state_dict']['decode_head.decoder.conv_seg.weight'][0] = 1e5
    torch.save(content, checkpoint)
    with pytest.raises(SystemExit, match=r'conv_seg\.weight: expected weights below 65504, got 1e'):
        run_tool(SCRIPT, config, checkpoint, tmp_path / 'out.pth', '--half')
    assert not (tmp_path / 'out.pth').exists()


def test_mmseg_predicts_with_it(trained, tmp_path, run_tool):
    out = tmp_path / 'deployed.pth'
    run_tool(SCRIPT, *trained[1:], out, '--drop-auxiliary')
    model = init_model(str(out.with_suffix('.py')), str(out), device='cpu')
    assert model.dataset_meta['classes'] == tuple('abcde')
    image = torch.randint(0, 255, (40, 56, 3), dtype=torch.uint8).numpy()
    assert inference_model(model, image).pred_sem_seg.shape == (40, 56)


@pytest.mark.parametrize('wrapped', [False, True])
def test_classes_come_from_the_data_set_where_the_checkpoint_has_none(
    trained, tmp_path, run_tool, wrapped
):
    if wrapped:
        config = Config.fromfile(trained[1])
        parts = [config.test_dataloader.dataset]
        config.test_dataloader.dataset = dict(type='ConcatDataset', datasets=parts)
        config.dump(trained[1])
    weights = torch.load(trained[2], weights_only=True)['state_dict']
    torch.save({'state_dict': weights}, trained[2])
    run_tool(SCRIPT, *trained[1:], tmp_path / 'deployed.pth')
    meta = read_checkpoint(tmp_path / 'deployed.pth')['meta']['dataset_meta']
    assert meta == dict(ktda_mmseg.datasets.GrassDataset.METAINFO)


def test_classes_survive_safetensors(trained, tmp_path, run_tool):
    _, config, checkpoint = trained
    run_tool(SCRIPT, config, checkpoint, tmp_path / 'deployed.safetensors')
    run_tool(SCRIPT, config, tmp_path / 'deployed.safetensors', tmp_path / 'again.pth')
    meta = read_checkpoint(tmp_path / 'again.pth')['meta']['dataset_meta']
    assert meta == {'classes': list('abcde'), 'palette': [[i] * 3 for i in range(5)]}


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            lambda w: w | {'decode_head.decoder.conv_seg.bias': torch.ones(4)},
            r'decode_head\.decoder\.conv_seg\.bias: expected shape \(5,\), found \(4,\)',
        ),
        (
            lambda w: {k: v for k, v in w.items() if k != 'neck.convert.0.bias'},
            'EncoderDecoder also needs neck.convert.0.bias',
        ),
        (lambda w: w | {'extra': torch.ones(1)}, 'EncoderDecoder has no place for extra'),
    ],
)
def test_what_does_not_fit_is_refused(trained, tmp_path, run_tool, change, message):
    _, config, checkpoint = trained
    torch.save(change(torch.load(checkpoint, weights_only=True)['state_dict']), checkpoint)
    with pytest.raises(SystemExit, match=rf'error: .*trained\.pth: {message}'):
        run_tool(SCRIPT, config, checkpoint, tmp_path / 'deployed' / 'out.pth')
    assert not (tmp_path / 'deployed').exists()


def test_missing_config_is_named(tmp_path, run_tool):
    with pytest.raises(SystemExit, match=r'absent\.py'):
        run_tool(SCRIPT, tmp_path / 'absent.py', tmp_path / 'a.pth', tmp_path / 'out.pth')

"""Teachers, losses, modulations, optimizers, hooks and predictions keep tensors on the GPU."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.optim import build_optim_wrapper
from mmseg.evaluation import IoUMetric
from mmseg.registry import MODELS

from ktda_mmseg.caching import build as caching
from ktda_mmseg.engine import mixed_precision
from ktda_mmseg.engine.fit_hook import try_losses
from ktda_mmseg.engine.speed_hooks import use_channels_last
from ktda_mmseg.engine.transfer_stage import TransferStageHook
from ktda_mmseg.models import FrozenTeacher
from ktda_mmseg.models.losses import FeatureL2Loss
from ktda_mmseg.models.teacher_maps import attach_maps
from ktda_mmseg.scenes.map import torch_predictor
from ktda_mmseg.scenes.map.predictor import FlippedViews
from ktda_mmseg.studies.features import similarity_by_level
from ktda_mmseg.studies.features.attention import attention_by_level

from ..test_configs import build
from .conftest import PRECISIONS, batch, learn

SIZE = (64, 64)
LOSSES = [
    *(dict(type='FeatureKLDivLoss', axis=axis) for axis in ('width', 'channel', 'spatial')),
    dict(type='FeatureRelationLoss'),
    dict(type='FeatureQueryLoss', channels=32),
    dict(type='FeatureL2Loss'),
]


def aligned(teacher, width, levels=4, **options):
    """Give a teacher an alignment of its own to its levels."""
    fam = dict(in_channels=[16, 24, 32, 48][:levels], out_channels=width, **options)
    return dict(teacher, alignment=dict(fam, in_index=list(range(levels))))


def timm_vit(**options):
    return dict(type='TimmBackbone', model_name='vit_tiny_patch16_224', depth=4, **options)


@pytest.mark.parametrize('precision', PRECISIONS, ids=str)
def test_half_precision_reaches_the_layers(precision, cuda, tiny_model):
    model, seen = MODELS.build(tiny_model), []
    model.neck.convert[0].register_forward_hook(lambda *call: seen.append(call[2].dtype))
    with cuda:
        losses = learn(model, batch(model, SIZE), precision)
    assert seen == [PRECISIONS[precision] or torch.float32]
    assert losses['transfer.loss_kl'].dtype == torch.float32


@pytest.mark.parametrize(
    ('precision', 'optimizer'),
    [
        (None, dict(type='AdamW', lr=0.1, fused=True)),
        ('bf16', dict(type='AdamW', lr=0.1, fused=True)),
        ('fp16', dict(type='AdamW', lr=0.1, fused=True)),
        (None, dict(type='AdamW', lr=0.1)),
        ('bf16', dict(type='Adam', lr=0.1)),
        ('fp16', dict(type='SGD', lr=0.1, momentum=0.9)),
        (None, dict(type='RMSprop', lr=0.1)),
    ],
    ids=lambda value: str(value if not isinstance(value, dict) else value['type']),
)
def test_a_step_of_the_optimizer(precision, optimizer, cuda, tiny_model):
    config = Config(dict(optim_wrapper=dict(optimizer=optimizer, clip_grad=dict(max_norm=1))))
    config.optim_wrapper.type = 'OptimWrapper'
    if precision == 'fp16':
        cuda.number = 0  # no gradient overflowed, or the step would be left out
    model = MODELS.build(tiny_model)
    with cuda:
        model.to('cuda').train()
        if precision:
            mixed_precision.use_mixed_precision(config, precision)
        wrapper = build_optim_wrapper(model, config.optim_wrapper)
        model.init_weights()
        use_channels_last(model, wrapper.optimizer)
        wrapper = build_optim_wrapper(model, config.optim_wrapper)
        logged = model.train_step(batch(model, SIZE), wrapper)
    states = wrapper.optimizer.state.values()
    averages = [x for state in states for x in state.values() if x is not None and x.dim()]
    assert {value.device.type for value in [*averages, logged['loss']]} == {'cuda'}
    assert len(averages) > 100


TEACHERS = {
    'mmpretrain': {},
    'enlarged': dict(scale=2.0, window=32),
    'bands': dict(bands=[2, 1, 0]),
    'timm': dict(_delete_=True, **timm_vit(num_heads=2, embed_dim=32), scale=0.5),
    'dinov2': dict(
        _delete_=True,
        type='TimmBackbone',
        model_name='vit_small_patch14_reg4_dinov2',
        embed_dim=32,
        num_heads=2,
        depth=4,
    ),
    'galileo': dict(_delete_=True, type='Galileo', width=32, num_heads=2),
}


@pytest.mark.parametrize('name', TEACHERS)
def test_a_teacher_of_each_kind(name, cuda, tiny_model):
    config = Config(dict(model=tiny_model))
    config.merge_from_dict(dict(model=dict(teacher=TEACHERS[name])))
    model = MODELS.build(config.model)
    with cuda:
        losses = learn(model, batch(model, SIZE), 'bf16')
    assert model.teacher.backbone and 'transfer.loss_l2' in losses


@pytest.mark.parametrize('standardise', [False, True, 'equal_variance'])
def test_several_teachers_with_scale_windows_and_alignment(standardise, cuda, tiny_model):
    second = dict(aligned(tiny_model.teacher, 32), scale=2.0, window=32, share=0.5)
    tiny_model.teacher = [dict(tiny_model.teacher, bands=[2, 1, 0]), second]
    tiny_model.update(transfer_losses=LOSSES, standardise_teacher=standardise)
    model = MODELS.build(tiny_model)
    with cuda:
        losses = learn(model, batch(model, SIZE), 'bf16')
    assert len([name for name in losses if name.startswith('transfer')]) == 4


def test_a_student_with_adapters(cuda, tiny_model):
    student = timm_vit(num_heads=2, embed_dim=32, adapters=4, norm=False)
    tiny_model.backbone = dict(type='EnlargedBackbone', backbone=student, scale=2.0)
    tiny_model.neck.update(in_channels=[32] * 4)
    model = MODELS.build(tiny_model)
    with cuda:
        learn(model, batch(model, SIZE), 'bf16')
    assert model.backbone.backbone.model.blocks[0].down.weight.grad.device.type == 'cuda'


@pytest.mark.parametrize('precision', [None, 'bf16'])
@pytest.mark.parametrize(
    'modulation',
    [dict(pool=2), dict(with_cp=True), dict(pool=[1, 2, 1, 4], with_cp=True), dict(type='mlp')],
    ids=str,
)
def test_modulation(modulation, precision, cuda, tiny_model):
    if 'type' in modulation:
        tiny_model.decode_head.modulation = dict(depth=2)
    tiny_model.decode_head.modulation.update(modulation)
    model = MODELS.build(tiny_model)
    with cuda:
        learn(model, batch(model, SIZE), precision)


@pytest.mark.parametrize('freeze', [False, True])
def test_both_stages_of_transfer(freeze, cuda, tiny_model):
    model = MODELS.build(tiny_model)
    hook = TransferStageHook(iters=1, freeze=freeze, mixup=not freeze)
    with cuda:
        hook.before_train_iter(SimpleNamespace(model=model, iter=0, max_iters=2), 0)
        assert all(name.startswith('transfer') for name in learn(model, batch(model, SIZE)))
        hook.before_train_iter(SimpleNamespace(model=model, iter=1, max_iters=2), 0)
        assert 'decode.loss_ce' in learn(model, batch(model, SIZE))


def test_the_cache_is_written_from_the_gpu_and_takes_the_place_of_the_teacher(cuda, tiny_model):
    model = MODELS.build(tiny_model)
    with cuda:
        model.to('cuda')
        views = [np.zeros((*SIZE, 3), np.uint8)] * 2
        written = list(caching._maps(model.teacher, model.data_preprocessor, views, False))
        levels = written[0]
        model.teacher.sight = None  # it is not called again
        model.teacher._fingerprint = dict(config='', sha256='')
        data = batch(model, SIZE)
        for sample in data['data_samples']:
            maps = torch.from_numpy(np.concatenate([level.flatten() for level in levels]))
            shapes = [level.shape for level in levels]
            attach_maps(sample, maps, shapes, model.teacher.source())
        assert 'transfer.loss_l2' in learn(model, data, 'bf16')
    assert len(written) == 2 and levels[0].dtype == np.float16


@pytest.mark.parametrize('mode', ['whole', 'slide'])
def test_prediction_and_its_score(mode, cuda, tiny_model):
    tiny_model.test_cfg = dict(mode=mode, crop_size=SIZE, stride=(32, 32))
    model = MODELS.build(tiny_model)
    metric = IoUMetric()
    metric.dataset_meta = dict(classes=tuple('abcde'))
    with cuda, torch.no_grad():
        model.to('cuda').eval()
        found = model.test_step(batch(model, (64, 96)))
        metric.process({}, [sample.to_dict() for sample in found])
    assert found[0].seg_logits.data.device.type == 'cuda'
    assert len(metric.results) == 2


@pytest.mark.parametrize('outputs', [1, 2])
def test_views_of_an_image_are_merged(outputs, cuda, tiny_model):
    tiny_model.decode_head.update(num_classes=2, auxiliary=None)
    tiny_model.decode_head.decoder.update(out_channels=outputs, threshold=0.3)
    tta = MODELS.build(dict(type='BinarySegTTAModel', module=tiny_model))
    views = [batch(tta.module, SIZE, 1) for _ in range(2)]
    views[1]['data_samples'][0].set_metainfo(dict(flip=True, flip_direction='horizontal'))
    views = {key: [view[key] for view in views] for key in views[0]}
    with cuda, torch.no_grad():
        tta.to('cuda').eval()
        (merged,) = tta.test_step(views)
    assert merged.pred_sem_seg.data.device.type == 'cuda'


@pytest.mark.parametrize('amp', PRECISIONS, ids=str)
def test_windows_of_a_scene_with_their_mirror_images(amp, cuda, monkeypatch, tmp_path):
    model, config = build('quickstart/synthetic.py', monkeypatch)
    meta = dict(classes=tuple('abcde'), palette=[[0, 0, 0]] * 5)
    (tmp_path / 'weights.pth').touch()
    loaded = (config, model, meta, (), 1.5)
    monkeypatch.setattr(torch_predictor, 'load_deployed', lambda *_, **__: loaded)
    with cuda:
        files = tmp_path / 'config.py', tmp_path / 'weights.pth'
        predictor = torch_predictor.TorchPredictor(*files, amp=amp)
        # threads of its own would be outside of the mode
        predictor._workers = SimpleNamespace(map=map)
        found = FlippedViews(predictor)(np.zeros((3, 3, 64, 96), np.float32))
    assert next(predictor.network.parameters()).device.type == 'cuda'
    assert found.shape == (3, 5, 64, 96)


def test_what_hooks_and_studies_look_at(cuda, tiny_model):
    model = MODELS.build(tiny_model)
    of_its_own = ConfigDict(type='Galileo', width=32, num_heads=2)
    with cuda:
        model.to('cuda')
        try_losses(model.decode_head.decoder, 'decoder')
        data = batch(model, SIZE)
        for teacher in (model.teacher, FrozenTeacher(of_its_own, model.data_preprocessor)):
            found = similarity_by_level(model, teacher, [data], 1)
            assert len(found) == 4
        image = model.data_preprocessor(data)['inputs'][:1]
        assert len(attention_by_level(model, image)) == 4


class NewTensor(FeatureL2Loss):
    """Forgets to say where a tensor goes."""

    def compare(self, student, teacher):
        return (student - teacher + torch.zeros(student.shape)).mean()


class OldTensor(FeatureL2Loss):
    """Keeps a tensor that does not move with the model."""

    def __init__(self):
        super().__init__()
        self.shares = torch.ones(32, 1, 1)

    def compare(self, student, teacher):
        return ((student - teacher) * self.shares).mean()


class ReadTensor(FeatureL2Loss):
    """Makes a NumPy array of a tensor."""

    def compare(self, student, teacher):
        return super().compare(student, teacher) * float(teacher.numpy().max())


@pytest.mark.parametrize(
    ('loss', 'error', 'message'),
    [
        (NewTensor, RuntimeError, 'two devices, cuda:0 and cpu'),
        (OldTensor, RuntimeError, 'two devices, cuda:0 and cpu'),
        (ReadTensor, TypeError, 'cannot convert a tensor on cuda:0 to numpy'),
    ],
)
def test_a_planted_tensor_on_the_cpu_is_found(loss, error, message, cuda, tiny_model):
    model = MODELS.build(tiny_model)
    model.transfer.losses.append(loss())
    with cuda, pytest.raises(error, match=message):
        learn(model, batch(model, SIZE))

"""KTDASegmentor: the invariants of training with a teacher that nothing else sees."""

from copy import deepcopy
from unittest.mock import patch

import pytest
import torch
from mmengine.model import ExponentialMovingAverage
from mmengine.optim import build_optim_wrapper
from mmseg.registry import MODELS


def total(losses):
    return sum(value for key, value in losses.items() if 'loss' in key)


def batch(make_samples, height=64, width=64, n=2):
    return torch.randn(n, 3, height, width), make_samples(torch.randint(0, 5, (n, height, width)))


def test_log_keys(tiny_model, make_samples):
    losses = MODELS.build(tiny_model).loss(*batch(make_samples))
    assert set(losses) == {
        'decode.loss_ce',
        'decode.acc_seg',
        'aux.loss_ce',
        'aux.acc_seg',
        'transfer.loss_kl',
        'transfer.loss_l2',
    }


def test_the_transfer_stage_has_transfer_losses_alone(tiny_model, make_samples):
    model = MODELS.build(tiny_model)
    model.taught_by = 'teacher'
    with patch.object(model.decode_head, 'loss') as decode:
        losses = model.loss(*batch(make_samples))
    assert set(losses) == {'transfer.loss_kl', 'transfer.loss_l2'}
    assert not decode.called


def test_in_the_stage_of_the_labels_the_teacher_is_not_asked(tiny_model, make_samples):
    model = MODELS.build(tiny_model)
    inputs = batch(make_samples)
    expected = model.loss(*inputs)
    model.taught_by = 'labels'
    with patch.object(model.teacher, 'sight', side_effect=AssertionError):
        losses = model.loss(*inputs)
    assert set(losses) == {key for key in expected if not key.startswith('transfer')}
    assert all(torch.equal(value, expected[key]) for key, value in losses.items())


def test_standardised_channels_of_the_teacher_count_alike(tiny_model):
    tiny_model.standardise_teacher = True
    tiny_model.transfer_losses = [dict(type='FeatureL2Loss')]
    model = MODELS.build(tiny_model)
    scale = torch.logspace(-1, 4, 16).view(1, 16, 1, 1)
    teacher = (torch.randn(3, 16, 5, 4) * scale + 7 * scale,)
    student = (torch.randn(3, 16, 5, 4),)
    var, mean = torch.var_mean(teacher[0], (0, 2, 3), correction=0, keepdim=True)
    expected = ((teacher[0] - mean) / var.sqrt() - student[0]).square().mean()
    found = model.transfer(student, teacher)['loss_l2']
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=0)


def test_several_auxiliary_decoders_share_their_weight(tiny_model, make_samples):
    one = MODELS.build(tiny_model)
    tiny_model.decode_head.auxiliary = [tiny_model.decode_head.auxiliary] * 2
    two = MODELS.build(tiny_model)
    prefix = 'decode_head.auxiliary.'
    state = one.state_dict()
    for key in [key for key in state if key.startswith(prefix)]:
        value = state.pop(key)
        state[key.replace(prefix, prefix + '0.')] = state[key.replace(prefix, prefix + '1.')] = (
            value
        )
    two.load_state_dict(state)
    data = batch(make_samples)
    single, shared = one.loss(*data), two.loss(*data)
    for index in range(2):
        torch.testing.assert_close(shared[f'aux_{index}.loss_ce'], single['aux.loss_ce'] / 2)


def test_one_student_pass_a_step(tiny_model, make_samples):
    model = MODELS.build(tiny_model)
    with patch.object(model.backbone, 'forward', wraps=model.backbone.forward) as forward:
        model.loss(*batch(make_samples))
    assert forward.call_count == 1


def test_the_teacher_is_frozen_in_eval_mode_and_unseen(tiny_model, make_samples):
    tiny_model.teacher.drop_rate = 0.5
    model = MODELS.build(tiny_model)
    model.train()
    total(model.loss(*batch(make_samples))).backward()
    teacher = model.teacher.backbone
    assert not any(module.training for module in teacher.modules())
    assert not any(p.requires_grad or p.grad is not None for p in teacher.parameters())
    frozen = {id(p) for p in teacher.parameters()}
    assert not any('teacher' in key for key in model.state_dict())
    assert not frozen & {id(p) for p in model.parameters()}
    optimizer = build_optim_wrapper(model, dict(optimizer=dict(type='SGD', lr=0.1))).optimizer
    assert not frozen & {id(p) for group in optimizer.param_groups for p in group['params']}
    averaged = ExponentialMovingAverage(model)
    assert not any('teacher' in key for key in averaged.state_dict())
    assert deepcopy(model).teacher is model.teacher


def test_the_teacher_is_not_built_to_predict(tiny_model):
    model = MODELS.build(tiny_model).eval()
    model.predict(torch.randn(1, 3, 64, 64))
    assert 'teacher' not in vars(model)


def test_every_parameter_learns(tiny_model, make_samples):
    model = MODELS.build(tiny_model)
    total(model.loss(*batch(make_samples))).backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None]


def test_a_checkpoint_is_a_plain_encoder_decoder(tiny_model):
    model = MODELS.build(tiny_model).eval()
    plain = dict(tiny_model, type='EncoderDecoder')
    del plain['teacher'], plain['transfer_losses']
    plain = MODELS.build(plain).eval()
    plain.load_state_dict(model.state_dict(), strict=True)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        for a, b in zip(model.predict(images), plain.predict(images)):
            assert torch.equal(a.seg_logits.data, b.seg_logits.data)


def test_without_teacher_it_trains_like_the_plain_model(tiny_model, make_samples):
    tiny_model.teacher = tiny_model.transfer_losses = None
    losses = MODELS.build(tiny_model).loss(*batch(make_samples))
    assert not any(key.startswith('transfer') for key in losses)


def test_any_decode_head_and_neck_free_of_transfer(tiny_model, make_samples):
    tiny_model.decode_head = dict(
        type='FCNHead', in_channels=32, in_index=3, channels=8, num_classes=5
    )
    losses = MODELS.build(tiny_model).loss(*batch(make_samples))
    assert {'decode.loss_ce', 'transfer.loss_kl'} <= set(losses)


@pytest.mark.parametrize('size', [(200, 328), (70, 100), (58, 90)])
def test_any_size_trains_and_predicts(tiny_model, make_samples, size):
    model = MODELS.build(tiny_model)
    assert torch.isfinite(total(model.loss(*batch(make_samples, *size))))
    model.eval()
    with torch.no_grad():
        logits = model.predict(torch.randn(1, 3, *size))[0].seg_logits.data
    assert logits.shape == (5, *size)


def test_a_batch_of_one_says_what_to_change(tiny_model, make_samples):
    with pytest.raises(ValueError, match=r'1×1 pool.*batch_size of 2.*GN'):
        MODELS.build(tiny_model).loss(*batch(make_samples, n=1))
    tiny_model.decode_head.decoder.norm_cfg = dict(type='GN', num_groups=8)
    assert torch.isfinite(total(MODELS.build(tiny_model).loss(*batch(make_samples, n=1))))


@pytest.mark.parametrize('ignored', ['one tile', 'all'])
def test_ignored_pixels_give_finite_losses(tiny_model, make_samples, ignored):
    labels = torch.randint(0, 5, (2, 64, 64))
    labels[0 if ignored == 'one tile' else slice(None)] = 255
    model = MODELS.build(tiny_model)
    losses = model.loss(torch.randn(2, 3, 64, 64), make_samples(labels))
    total(losses).backward()
    assert all(torch.isfinite(torch.as_tensor(value)).all() for value in losses.values())
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_single_level_and_fuse(tiny_model, make_samples):
    tiny_model.neck.fuse = True
    head = tiny_model.decode_head
    head.in_channels = [32]
    head.pyramid = dict(type='MultiLevelNeck', in_channels=[32], out_channels=32, scales=[1])
    head.decoder.update(in_channels=[32], in_index=[0])
    head.auxiliary.in_index = 0
    model = MODELS.build(tiny_model)
    inputs, samples = batch(make_samples)
    losses = model.loss(inputs, samples)
    (student,), teacher = model.extract_feat(inputs), sum(model.teacher(inputs))
    expected = 0.5 * torch.nn.functional.mse_loss(student, teacher)
    torch.testing.assert_close(losses['transfer.loss_l2'], expected)


def test_losses_of_one_kind_add_up(tiny_model, make_samples):
    tiny_model.transfer_losses = [dict(type='FeatureL2Loss')] * 2
    model = MODELS.build(tiny_model)
    inputs, samples = batch(make_samples)
    twice = model.loss(inputs, samples)['transfer.loss_l2']
    tiny_model.transfer_losses = [dict(type='FeatureL2Loss')]
    once = MODELS.build(tiny_model)
    once.load_state_dict(model.state_dict())
    once.teacher.backbone.load_state_dict(model.teacher.backbone.state_dict())
    torch.testing.assert_close(twice, 2 * once.loss(inputs, samples)['transfer.loss_l2'])


def test_a_width_that_differs_is_named(tiny_model, make_samples):
    tiny_model.teacher.arch.embed_dims = 16
    message = r'neck.out_channels.*\[16, 16, 16, 16\].*got \[32, 32, 32, 32\]'
    with pytest.raises(ValueError, match=message):
        MODELS.build(tiny_model).loss(*batch(make_samples))


@pytest.mark.parametrize('missing', ['teacher', 'transfer_losses', 'neck'])
def test_half_a_transfer_is_an_error(tiny_model, missing):
    tiny_model[missing] = None
    with pytest.raises(ValueError, match=f'{missing}=False'):
        MODELS.build(tiny_model)


def test_a_missing_weight_file_stops_before_training(tiny_model):
    for section in ('backbone', 'teacher'):
        broken = deepcopy(tiny_model)
        broken[section].init_cfg = dict(type='Pretrained', checkpoint='nowhere/weights.pth')
        with pytest.raises(FileNotFoundError, match='nowhere/weights.pth'):
            MODELS.build(broken).init_weights()


def test_a_backbone_within_another_is_loaded_strictly_too(tiny_model, tmp_path):
    donor = MODELS.build(tiny_model.backbone)
    weights = donor.state_dict()
    lost = next(iter(weights))
    del weights[lost]
    torch.save(donor.state_dict(), tmp_path / 'whole.pth')
    torch.save(weights, tmp_path / 'part.pth')
    inner = dict(tiny_model.backbone, init_cfg=dict(type='Pretrained'))
    tiny_model.update(teacher=None, transfer_losses=None)
    tiny_model.backbone = dict(type='EnlargedBackbone', scale=1.0, backbone=inner)
    init_cfg = tiny_model.backbone.backbone.init_cfg
    init_cfg.checkpoint = str(tmp_path / 'whole.pth')
    model = MODELS.build(tiny_model)
    model.init_weights()
    assert torch.equal(model.backbone.backbone.state_dict()[lost], donor.state_dict()[lost])
    init_cfg.checkpoint = str(tmp_path / 'part.pth')
    with pytest.raises(ValueError, match=lost):
        MODELS.build(tiny_model).init_weights()


def test_pretrained_weights_reach_student_and_teacher(tiny_model, tmp_path):
    donor = MODELS.build(tiny_model)
    donor.init_weights()
    for name, module in (('student', donor.backbone), ('teacher', donor.teacher.backbone)):
        state = {f'backbone.{key}': value for key, value in module.state_dict().items()}
        torch.save(dict(state_dict=state), tmp_path / f'{name}.pth')
    for section, name in (('backbone', 'student'), ('teacher', 'teacher')):
        tiny_model[section].init_cfg = dict(
            type='Pretrained', checkpoint=str(tmp_path / f'{name}.pth'), prefix='backbone.'
        )
    model = MODELS.build(tiny_model)
    model.init_weights()
    for key, value in donor.backbone.state_dict().items():
        assert torch.equal(model.backbone.state_dict()[key], value), key
    assert model.teacher.fingerprint()['sha256'] == donor.teacher.fingerprint()['sha256']

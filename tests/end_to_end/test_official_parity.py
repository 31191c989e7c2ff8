"""Official weights, converted by the command line, give the official numbers."""

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from ktda_mmseg.checkpoints import read_checkpoint


def relative(found, expected):
    return ((found - expected).norm() / expected.norm()).item()


@pytest.fixture(scope='module')
def golden(shared):
    return torch.load(shared / 'reference' / 'official_reference_a.pth', weights_only=True)


@pytest.fixture
def model(golden, tiny_model, tools, tmp_path):
    source, student, teacher = (
        tmp_path / f'{name}.pth' for name in ('official', 'ktda', 'teacher')
    )
    torch.save(golden['checkpoint'], source)
    tools('model_converters/official_to_ktda.py', source, student, '--teacher-out', teacher)
    tiny_model.teacher.init_cfg = dict(type='Pretrained', checkpoint=str(teacher))
    model = MODELS.build(tiny_model)
    model.load_state_dict(read_checkpoint(student)['state_dict'], strict=True)
    return model


def test_features_and_logits(model, golden):
    model.eval()
    with torch.no_grad():
        aligned, teacher = model.extract_feat(golden['inputs']), model.teacher(golden['inputs'])
        low = model.decode_head(aligned)
        full = torch.stack([s.seg_logits.data for s in model.predict(golden['inputs'])])
    for found, expected in (
        *zip(aligned, golden['fam_features'], strict=True),
        *zip(teacher, golden['teacher_features'], strict=True),
        (low, golden['logits_low']),
        (full, golden['logits_full']),
    ):
        assert relative(found, expected) < 1e-5


def test_losses_and_gradients(model, golden):
    model.train()
    size = tuple(golden['labels'].shape[2:])
    samples = []
    for label in golden['labels']:
        sample = SegDataSample(metainfo=dict(img_shape=size, ori_shape=size, pad_shape=size))
        sample.gt_sem_seg = PixelData(data=label)
        samples.append(sample)
    losses = model.loss(golden['inputs'], samples)
    expected = golden['losses']
    for name in ('decode.loss_ce', 'aux.loss_ce', 'decode.acc_seg', 'aux.acc_seg'):
        assert relative(losses[name], expected[name]) < 1e-5
    transfer = losses['transfer.loss_kl'] + losses['transfer.loss_l2']
    assert relative(transfer, expected['distill_loss']) < 1e-5
    total = sum(value for name, value in losses.items() if 'loss' in name)
    assert relative(total, golden['total_loss']) < 1e-5

    total.backward()
    found = {name: p.grad.norm() for name, p in model.named_parameters()}
    norms = {plugin_name(name): norm for name, norm in golden['grad_norms'].items()}
    norms = {name: norm for name, norm in norms.items() if name is not None}
    assert found.keys() == norms.keys()
    largest = max(norms.values())
    for name, norm in norms.items():
        # a norm of rounding errors, as of a bias before a batch norm, has no relative accuracy
        assert abs(found[name] - norm) <= 1e-4 * norm + 1e-7 * largest, name


def plugin_name(official):
    """Translate by the table in the design, independently of the converter."""
    table = {
        'backbone.': 'backbone.',
        'fam.': 'neck.',
        'neck.': 'decode_head.pyramid.',
        'fmm.adapters.': 'decode_head.modulation.',
        'decode_head.': 'decode_head.decoder.',
        'auxiliary_head.': 'decode_head.auxiliary.',
    }
    for prefix, ours in table.items():
        if official.startswith(prefix):
            return ours + official[len(prefix) :]
    return None

"""Transfer: which maps are compared, at what share, and what training alone keeps."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmseg.registry import MODELS

from ktda_mmseg.models.transfer import EqualVariance, Transfer, equalising_rotation, standardisation

L2 = [dict(type='FeatureL2Loss')]
FINE = dict(in_channels=[16, 24], in_index=[1, 2], out_channels=5, patch_size=8)
COARSE = dict(in_channels=[8], in_index=[0], out_channels=3, patch_size=16)


def features(n=2):
    return tuple(torch.randn(n, c, s, s) for c, s in ((8, 16), (16, 8), (24, 4)))


def test_a_teachers_own_alignment_reads_the_students_features():
    transfer = Transfer([dict(alignment=FINE)], L2, False)
    student, levels = features(), tuple(torch.randn(2, 5, 8, 8) for _ in range(2))
    aligned = transfer.alignments[0](student)
    assert [level.shape for level in aligned] == [level.shape for level in levels]
    expected = sum(F.mse_loss(a, b) for a, b in zip(aligned, levels)) / 2
    found = transfer(('not looked at',), levels, student)['loss_l2']
    torch.testing.assert_close(found, expected)


def test_several_teachers_share_the_losses():
    teachers = [dict(alignment=FINE, share=0.25), dict(alignment=COARSE)]
    both = Transfer(teachers, L2, False)
    student = features()
    levels = (*(torch.randn(2, 5, 8, 8) for _ in range(2)), torch.randn(2, 3, 4, 4))
    expected = 0
    for index, (part, share) in enumerate([(levels[:2], 0.25), (levels[2:], 1)]):
        one = Transfer([teachers[index] | dict(share=1)], L2, False)
        one.alignments.load_state_dict(
            {
                key.replace(f'{index}.', '0.', 1): value
                for key, value in both.alignments.state_dict().items()
                if key.startswith(f'{index}.')
            }
        )
        expected = expected + share * one((), part, student)['loss_l2']
    torch.testing.assert_close(both((), levels, student)['loss_l2'], expected)


def test_one_of_several_teachers_may_share_the_neck():
    transfer = Transfer([dict(), dict(alignment=COARSE, share=2)], L2, False)
    student, aligned = features(), features()
    levels = (*features(), torch.randn(2, 3, 4, 4))
    expected = sum(F.mse_loss(a, b) for a, b in zip(aligned, levels[:3])) / 3
    expected += 2 * F.mse_loss(transfer.alignments[1](student)[0], levels[3])
    torch.testing.assert_close(transfer(aligned, levels, student)['loss_l2'], expected)


def test_several_teachers_need_alignments():
    with pytest.raises(ValueError, match=r'an alignment in each .* got \[True, False, False\]'):
        Transfer([dict(alignment=FINE), dict(), dict()], L2, False)


def test_an_unknown_standardisation_is_named():
    with pytest.raises(ValueError, match="equal_variance.*got 'phi'"):
        standardisation('phi')


@pytest.mark.parametrize('width', [1, 2, 3, 24, 40, 65])
def test_a_rotation_makes_variances_equal(width):
    generator = torch.Generator().manual_seed(width)
    mixing = torch.randn(width, width, dtype=torch.double, generator=generator)
    mixing *= torch.logspace(-2, 2, width, dtype=torch.double)
    covariance = mixing @ mixing.T
    rotation = equalising_rotation(covariance)
    variances = (rotation @ covariance @ rotation.T).diagonal()
    identity = torch.eye(width, dtype=torch.double)
    torch.testing.assert_close(rotation @ rotation.T, identity, rtol=0, atol=1e-12)
    torch.testing.assert_close(variances, covariance.trace().expand(width) / width)


def test_equal_variances_keep_distances_but_for_one_factor():
    level = torch.randn(3, 12, 5, 4) * torch.logspace(-2, 2, 12).view(1, 12, 1, 1) + 7
    standard = EqualVariance()
    (found,) = standard((level,))
    var, mean = torch.var_mean(found, (0, 2, 3), correction=0)
    torch.testing.assert_close(mean, torch.zeros(12), rtol=0, atol=1e-4)
    torch.testing.assert_close(var, torch.ones(12), rtol=1e-3, atol=0)
    before, after = (x.transpose(0, 1).flatten(1).T for x in (level, found))
    ratio = torch.pdist(after) / torch.pdist(before)
    torch.testing.assert_close(ratio, ratio.mean().expand_as(ratio), rtol=1e-3, atol=0)
    # what the first batch taught stays, also in a copy that takes its state
    other = EqualVariance()
    other.load_state_dict(standard.state_dict())
    second = (torch.randn(3, 12, 5, 4),)
    assert torch.equal(other(second)[0], standard(second)[0])


@pytest.fixture
def aligned_model(tiny_model) -> ConfigDict:
    """The tiny model with an alignment that belongs to its teacher."""
    tiny_model.teacher.alignment = dict(in_channels=[16, 24, 32, 48], out_channels=32)
    tiny_model.neck.out_channels = 16
    tiny_model.standardise_teacher = 'equal_variance'
    tiny_model.transfer_losses = [dict(type='FeatureQueryLoss', channels=32)]
    head = tiny_model.decode_head
    head.in_channels = head.pyramid.in_channels = [16] * 4
    return tiny_model


def test_what_transfer_learns_is_no_part_of_a_checkpoint(aligned_model, make_samples):
    model = MODELS.build(aligned_model)
    losses = model.loss(torch.randn(2, 3, 64, 64), make_samples(torch.randint(0, 5, (2, 64, 64))))
    losses['transfer.loss_query'].backward()
    learned = dict(model.transfer.named_parameters())
    assert {'alignments.0.convert.0.weight', 'losses.0.query.weight'} <= set(learned)
    assert all(parameter.grad is not None for parameter in learned.values())
    state = model.state_dict()
    assert not any('transfer' in key for key in state)
    plain = dict(aligned_model, type='EncoderDecoder')
    for key in ('teacher', 'transfer_losses', 'standardise_teacher'):
        del plain[key]
    MODELS.build(plain).load_state_dict(state, strict=True)
    MODELS.build(aligned_model).load_state_dict(state, strict=True)
    # of all else, keys that are missing are still missed
    del state['neck.convert.0.weight']
    with pytest.raises(RuntimeError, match=r'neck\.convert\.0\.weight'):
        model.load_state_dict(state, strict=True)


def test_where_a_teachers_maps_are_used_is_not_who_it_is(aligned_model):
    fingerprint = MODELS.build(aligned_model).teacher.fingerprint()['config']
    assert 'alignment' not in fingerprint and 'embed_dims' in fingerprint

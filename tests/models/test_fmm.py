"""FMMHead: orders, decoders and what a wrong section is told."""

import pytest
import torch
from mmseg.registry import MODELS

from ktda_mmseg.models import FMMHead


def build(tiny_model, **options) -> FMMHead:
    return MODELS.build({**tiny_model.decode_head, **options})


def levels(size=5):
    return [torch.randn(2, 32, size, size) for _ in range(4)]


def test_orders_apply_the_same_parts_the_other_way_round(tiny_model):
    inputs = levels()
    first = build(tiny_model).eval()
    then = build(tiny_model, order='modulation_first').eval()
    then.load_state_dict(first.state_dict())
    torch.testing.assert_close(first.modulate(inputs), first.modulation(first.pyramid(inputs)))
    torch.testing.assert_close(then.modulate(inputs), then.pyramid(then.modulation(inputs)))
    assert first(inputs).shape == then(inputs).shape == (2, 5, 20, 20)


def test_parts_can_be_left_out(tiny_model):
    head = build(tiny_model, pyramid=None, modulation=None, auxiliary=None).eval()
    inputs = levels()
    assert {key.split('.')[0] for key in head.state_dict()} == {'decoder'}
    torch.testing.assert_close(head(inputs), head.decoder(inputs))


def test_modulation_widths_follow_the_order(tiny_model):
    pyramid = dict(
        tiny_model.decode_head.pyramid, in_channels=[32] * 4, out_channels=16, scales=[1]
    )
    options = dict(
        pyramid=pyramid, decoder=dict(type='FCNHead', in_channels=16, channels=8), auxiliary=None
    )
    after = build(tiny_model, **options)
    before = build(tiny_model, order='modulation_first', **options)
    assert [blocks[0].norm1.normalized_shape for blocks in after.modulation] == [(16,)]
    assert [blocks[0].norm1.normalized_shape for blocks in before.modulation] == [(32,)] * 4


def test_num_classes_reaches_every_decoder(tiny_model):
    head = build(tiny_model, num_classes=7, auxiliary=[tiny_model.decode_head.auxiliary] * 2)
    decoders = [head.decoder, *head.auxiliary]
    assert [decoder.conv_seg.out_channels for decoder in decoders] == [7, 7, 7]


def test_auxiliary_decoders_are_initialised(tiny_model):
    head = build(tiny_model, auxiliary=[tiny_model.decode_head.auxiliary] * 2)
    head.init_weights()
    for decoder in (head.decoder, *head.auxiliary):
        assert not decoder.conv_seg.bias.any()
        assert decoder.conv_seg.weight.std().item() == pytest.approx(0.01, rel=0.3)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(order='both'), "'pyramid_first' or 'modulation_first', got 'both'"),
        (
            dict(decoder=dict(type='FCNHead', num_classes=3)),
            'FCNHead.num_classes .*FMMHead.num_classes=5, got 3',
        ),
    ],
)
def test_wrong_options_are_named(tiny_model, options, message):
    with pytest.raises(ValueError, match=message):
        build(tiny_model, **options)


def test_an_unknown_key_is_named(tiny_model):
    with pytest.raises(TypeError, match='FMMHead.*unexpected keyword argument .*pyramids'):
        build(tiny_model, pyramids=None)

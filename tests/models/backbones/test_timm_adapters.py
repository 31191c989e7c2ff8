"""Adapters: nothing at first, then all that learns."""

import pytest
import torch
from mmseg.registry import MODELS

pytest.importorskip('timm')

VIT = dict(
    type='TimmBackbone', model_name='vit_small_patch14_dinov2.lvd142m', out_indices=[0, 1], depth=2,
    embed_dim=24, num_heads=2,
)  # fmt: skip


def test_untrained_adapters_change_nothing():
    plain, adapted = MODELS.build(VIT).eval(), MODELS.build(dict(VIT, adapters=3)).eval()
    state = {key.replace('.block.', '.'): value for key, value in adapted.state_dict().items()}
    plain.load_state_dict({key: value for key, value in state.items() if key in plain.state_dict()})
    image = torch.randn(1, 3, 28, 42)
    torch.testing.assert_close(adapted(image), plain(image))


def test_adapters_alone_learn():
    model = MODELS.build(dict(VIT, adapters=3))
    sum(level.sum() for level in model(torch.randn(1, 3, 28, 28))).backward()
    learned = {name for name, p in model.named_parameters() if p.grad is not None}
    block = [f'model.blocks.{i}.{layer}.{kind}' for i in (0, 1) for layer in ('down', 'up')
             for kind in ('weight', 'bias')]  # fmt: skip
    assert learned == set(block)
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == 2 * (2 * 24 * 3 + 27)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(VIT, adapters=0), 'rank of at least 1, got 0'),
        (dict(type='EfficientNetLite0', pretrained=False, adapters=4), 'adapters'),
        (
            dict(type='TimmBackbone', model_name='resnet18', adapters=4),
            'a plain transformer for adapters, got',
        ),
    ],
)
def test_what_cannot_be_adapted_is_named(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        MODELS.build(options)


def test_an_enlarged_student_sees_what_a_teacher_of_that_scale_sees():
    backbone = dict(VIT)
    enlarged = MODELS.build(dict(type='EnlargedBackbone', backbone=backbone, scale=2, window=14))
    image = torch.randn(2, 3, 28, 14)
    levels = enlarged.eval()(image)
    assert [tuple(level.shape) for level in levels] == [(2, 24, 4, 2)] * 2
    larger = torch.nn.functional.interpolate(image, (56, 28), mode='bicubic')
    above, below = (enlarged.backbone(half) for half in larger.split(28, dim=2))
    expected = [torch.cat(pair, dim=2) for pair in zip(above, below)]
    torch.testing.assert_close(list(levels), expected)

"""Levels of a pyramid know what lies beyond those of its backbone."""

import torch
from mmseg.registry import MODELS

from ktda_mmseg.models.backbones import PyramidBackbone

RESNET = dict(type='ResNetV1c', depth=18, stem_channels=8, base_channels=8)
FPN = dict(type='FPN', in_channels=[8, 16, 32, 64], out_channels=12, num_outs=4)


def test_it_is_the_backbone_then_the_pyramid():
    backbone = PyramidBackbone(RESNET, FPN).eval()
    x = torch.randn(1, 3, 64, 96)
    expected = backbone.pyramid(backbone.backbone(x))
    assert [level.shape for level in expected] == [(1, 12, 16 >> i, 24 >> i) for i in range(4)]
    torch.testing.assert_close(backbone(x), expected)


def test_its_finest_level_sees_all_of_the_image():
    def reach(network):
        network.train(False)
        x = torch.randn(1, 3, 128, 128, requires_grad=True)
        network(x)[0][0, :, 0, 0].sum().backward()
        return int(x.grad.abs().sum(1).nonzero().max())

    assert reach(PyramidBackbone(RESNET, FPN)) > 2 * reach(MODELS.build(RESNET))

"""Parameters of the cloud networks: tables of layers by hand, and what papers state."""

from itertools import pairwise

import pytest
import torch


def conv(size, before, after, bias=True):
    return size * size * before * after + bias * after


def norm(width):
    return 2 * width


def linear(before, after):
    return before * after + after


def normed(size, before, after, bias=False):
    return conv(size, before, after, bias) + norm(after)


def separable(before, after):
    return conv(3, 1, before) + norm(before) + conv(1, before, after)


def bottleneck(before, planes):
    first = normed(1, before, planes) + normed(3, planes, planes)
    return first + normed(1, planes, 4 * planes)


def stage(before, planes, depth):
    """Count a stage of ResNet-50, whose first block has a convolution beside it."""
    rest = (depth - 1) * bottleneck(4 * planes, planes)
    return normed(1, before, 4 * planes) + bottleneck(before, planes) + rest


CLASSES = 4
STEM = normed(3, 3, 64) + 2 * normed(3, 64, 64)
DEEP_STAGES = stage(256, 128, 4) + stage(512, 256, 6) + stage(1024, 512, 3)


def scnn():
    return conv(1, 3, 64) + conv(1, 64, CLASSES) + conv(3, CLASSES, CLASSES)


def unetmobv2():
    published = 3_504_872 - linear(1280, 1000)  # torchvision's MobileNetV2 without classifier
    steps = [(1280 + 96, 256), (256 + 32, 128), (128 + 24, 64), (64 + 16, 32), (32, 16)]
    decoder = sum(normed(3, before, after) + normed(3, after, after) for before, after in steps)
    return published + decoder + conv(3, 16, CLASSES)


def kappamask():
    widths = [64, 128, 256, 512, 1024]
    down = sum(conv(3, a, b) + conv(3, b, b) for a, b in zip([3, *widths], widths))
    up = sum(conv(2, b, a) + conv(3, 2 * a, a) + conv(3, a, a) for a, b in pairwise(widths))
    return down + up + conv(3, 64, 2) + conv(1, 2, CLASSES)


def mcdnet_residual(before, after, convs):
    rest = (convs - 1) * normed(3, after, after, bias=True)
    return normed(3, before, after, bias=True) + rest + conv(1, before, after) + 1


def mcdnet_multi_scale_fusion():
    pairs = [(256, 128), (128, 64), (64, 32), (128, 64), (64, 32), (64, 32)]
    return sum(conv(4, wide, thin) + conv(4, thin, wide) + 2 for wide, thin in pairs)


def mcdnet():
    widths = [32, 64, 128, 256, 512]
    encoder = sum(conv(3, a, b) for a, b in zip([3, *widths], widths))
    encoder += sum(mcdnet_residual(width, width, 2) for width in widths[:-1])
    encoder += 4 * normed(1, 512, 128, bias=True) + conv(1, 1024, 512)
    fusion = sum(7 * width**2 for width in widths)
    decoder = sum(
        conv(3, 2 * width, width) + mcdnet_residual(2 * width, width, 3) + 1 for width in widths[:4]
    )
    return encoder + fusion + decoder + mcdnet_multi_scale_fusion() + conv(3, 32, CLASSES)


def cdnetv1():
    total = STEM + stage(64, 64, 3) + DEEP_STAGES + normed(1, 1024 + 2048, 512, bias=True)
    for width in (256, 512, 512):
        total += 2 * normed(1, width, 512) + 3 * normed(3, width, 512)
        total += normed(1, width + 5 * 512, 256, bias=True) + conv(3, 256, CLASSES)
    return total + 7 * 2 * conv(3, CLASSES, 16 * CLASSES, bias=False)


def attention(width, out):
    return 2 * (linear(width, width // 8) + linear(width // 8, out))


def adaptive_fusion(width, count):
    wide = count * width
    channels = attention(width, wide) + linear(wide, 2 * wide)
    channels += linear(2 * wide, 2 * wide) + linear(2 * wide, wide)
    positions = normed(3, 2, 2 * count) + normed(3, 2 * count, 4 * count)
    positions += normed(3, 4 * count, 4 * count) + normed(3, 4 * count, 2 * count)
    return channels + positions + conv(3, 2 * count, count, bias=False)


def cdnetv2():
    total = STEM + stage(64, 64, 3) + normed(1, 256, 256) + DEEP_STAGES
    total += sum(normed(3, width, 256) for width in (256, 256, 512, 1024, 2048))
    total += attention(2048, 2048) + 3 * normed(3, 2048, 256) + normed(1, 2048, 256)
    total += adaptive_fusion(256, 4) + 4 * (adaptive_fusion(256, 2) + attention(256, 256))
    return total + conv(1, 256, CLASSES)


def exchange(widths):
    """Count how the branches of HRNet are summed."""
    total = 0
    for to, wide in enumerate(widths):
        total += sum(normed(1, width, wide) for width in widths[to + 1 :])
        for back, width in enumerate(widths[:to]):
            total += (to - back - 1) * normed(3, width, width) + normed(3, width, wide)
    return total


def hrcloudnet():
    widths = [48, 96, 192, 384]
    total = normed(3, 3, 64) + normed(3, 64, 64) + stage(64, 64, 4)
    total += normed(3, 256, 48) + normed(3, 256, 96) + normed(3, 96, 192) + normed(3, 192, 384)
    for modules, branches in ((1, 2), (4, 3), (3, 4)):
        blocks = sum(4 * 2 * normed(3, width, width) for width in widths[:branches])
        total += modules * (blocks + exchange(widths[:branches]))
    for fine, coarse in pairwise(widths):
        total += normed(3, fine + coarse, fine) + normed(3, fine, fine)
    total += 4 * normed(1, 720, 180) + normed(3, 1440, 512)
    return total + conv(1, 512, CLASSES)


def dbnet_convs(*widths):
    return sum(normed(3, a, b, bias=True) for a, b in pairwise(widths))


def dbnet_transformer(before, width, size, projected, depth):
    block = 2 * norm(width) + 3 * separable(width, width) + projected * linear(width, width)
    block += linear(width, 4 * width) + linear(4 * width, width)
    return conv(size, before, width) + norm(width) + depth * block


def dbnet():
    total = dbnet_transformer(3, 64, 7, False, 1) + dbnet_transformer(64, 192, 3, True, 2)
    total += dbnet_transformer(192, 384, 3, True, 10) + dbnet_transformer(384, 384, 3, True, 10)
    for before, after, convs in [(3, 64, 2), (64, 128, 2), (128, 384, 2), (384, 512, 3)]:
        total += dbnet_convs(before, *[after] * convs) + conv(1, before, after)
    total += dbnet_convs(512, 1024, 1024, 1024) + conv(1, 512, 1024)
    total += dbnet_convs(128, 64, 64) + dbnet_convs(320, 128, 128)
    total += dbnet_convs(768, 512, 384, 384) + dbnet_convs(896, 640, 512, 512)
    for before, middle, after in [(1408, 1024, 512), (896, 512, 384), (576, 256, 192)]:
        total += separable(before, middle) + separable(middle, after)
        total += 2 * (3 * after * after + after + norm(after))
    total += separable(256, 64) + separable(64, 16)
    return total + conv(1, 16, CLASSES)


def deployed(model):
    return sum(p.numel() for name, p in model.named_parameters() if 'auxiliary' not in name)


@pytest.mark.parametrize(
    'by_hand',
    [scnn, unetmobv2, kappamask, mcdnet, cdnetv1, cdnetv2, hrcloudnet, dbnet],
    ids=lambda function: function.__name__,
)
def test_a_network_has_the_layers_of_its_table(by_hand, build):
    with torch.device('meta'):
        model = build(by_hand.__name__)
    assert deployed(model) == by_hand()


def test_mcdnet_is_as_large_as_its_paper_states(build):
    with torch.device('meta'):
        model = build('mcdnet')
    millions = deployed(model) / 1e6
    dual_perspective = 7 * sum(width**2 for width in (32, 64, 128, 256, 512)) / 1e6
    multi_scale = mcdnet_multi_scale_fusion() / 1e6
    # its tables of ablations: both modules, without one, without either
    assert millions == pytest.approx(13.11, abs=0.005)
    assert millions - multi_scale == pytest.approx(11.34, abs=0.005)
    assert millions - dual_perspective == pytest.approx(10.67, abs=0.005)
    assert millions - dual_perspective - multi_scale == pytest.approx(8.89, abs=0.01)


def test_cdnetv2_is_about_as_large_as_its_paper_states(build):
    with torch.device('meta'):
        model = build('cdnetv2')
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(65.9, rel=0.02)

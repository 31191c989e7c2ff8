"""Every cloud network takes a training step and predicts."""

import pytest
import torch

NETWORKS = [
    'scnn',
    'unetmobv2',
    'kappamask',
    'mcdnet',
    'cdnetv1',
    'cdnetv2',
    'hrcloudnet',
    'dbnet',
]


@pytest.mark.parametrize('network', NETWORKS)
def test_every_parameter_learns_and_all_pixels_are_predicted(network, build, make_samples):
    model = build(network, 'own')
    samples = make_samples(torch.randint(0, 4, (2, 32, 64)))
    images = torch.randn(2, 3, 32, 64)
    losses = model.loss(images, samples)
    assert ('aux.loss_ce' in losses) == (network in ('cdnetv1', 'cdnetv2'))
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None]
    assert not silent
    assert all(p.grad.isfinite().all() for p in model.parameters())
    model.eval()
    with torch.no_grad():
        predictions = model.predict(images[:1], samples[:1])
    assert predictions[0].pred_sem_seg.data.shape == (1, 32, 64)
    assert predictions[0].seg_logits.data.shape == (4, 32, 64)


@pytest.mark.parametrize('network', ['mcdnet', 'dbnet'])
def test_sizes_that_cannot_be_halved_are_named(network, build):
    with torch.device('meta'):
        model = build(network)
        with pytest.raises(ValueError, match=r'32 divides, got 48×64; .*size_divisor=32'):
            model.backbone(torch.zeros(1, 3, 48, 64))


@pytest.mark.parametrize('network', ['scnn', 'unetmobv2', 'kappamask', 'cdnetv1', 'hrcloudnet'])
def test_the_others_take_any_size(network, build):
    with torch.device('meta'):
        model = build(network).eval()
        logits = model(torch.zeros(2, 3, 50, 67), mode='tensor')
    assert logits.shape[:2] == (2, 4)


def test_scnn_sees_a_neighbourhood_of_three_pixels(build):
    model = build('scnn').eval()
    images = torch.randn(1, 3, 9, 9, requires_grad=True)
    model(images, mode='tensor')[0, 0, 4, 4].backward()
    seen = images.grad.abs().sum(dim=(0, 1)).nonzero()
    assert seen.min() >= 3 and seen.max() <= 5


def test_mcdnet_compares_with_the_image_without_thin_clouds(build):
    backbone = build('mcdnet').backbone.eval()
    seen = []
    backbone.levels[0].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    pixels = torch.randint(0, 256, (1, 3, 32, 32)).float()
    backbone((pixels - backbone.mean) / backbone.std)
    image, clear = (view * backbone.std + backbone.mean for view in seen)
    torch.testing.assert_close(image, pixels, atol=1e-3, rtol=0)
    torch.testing.assert_close(clear, 255 * backbone.remove_clouds(pixels / 255), atol=0.1, rtol=0)


def test_cdnet_keeps_an_eighth_of_the_size(build):
    with torch.device('meta'):
        encoder = build('cdnetv1').backbone
        levels = encoder(torch.zeros(2, 3, 64, 96))
    assert [tuple(level.shape[1:]) for level in levels] == [
        (256, 16, 24),
        (512, 8, 12),
        (1024, 8, 12),
        (2048, 8, 12),
    ]

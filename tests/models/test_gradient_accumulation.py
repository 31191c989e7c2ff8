"""Small batches whose gradients are summed train as one large batch does."""

import pytest
import torch
from mmseg.registry import MODELS, OPTIM_WRAPPERS


def gn(config):
    """Put group norm in place of batch norm, which sees single batches."""
    for head in (config.decode_head.decoder, config.decode_head.auxiliary):
        head.norm_cfg = dict(type='GN', num_groups=4)
    return config


def trained(config, weights, images, samples, parts):
    """Return the weights after one update by ``parts`` batches of equal size."""
    model = MODELS.build(config)
    model.load_state_dict(weights[0])
    model.teacher.backbone.load_state_dict(weights[1])
    wrapper = OPTIM_WRAPPERS.build(
        dict(
            type='OptimWrapper',
            accumulative_counts=parts,
            optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        )
    )
    wrapper.initialize_count_status(model, 0, parts)
    size = len(images) // parts
    for start in range(0, len(images), size):
        batch = dict(inputs=images[start:][:size], data_samples=samples[start:][:size])
        model.train_step(batch, wrapper)
    return dict(model.named_parameters())


def test_two_halves_train_as_the_whole(tiny_model, make_samples):
    config = gn(tiny_model)
    model = MODELS.build(config)
    weights = model.state_dict(), model.teacher.backbone.state_dict()
    images = [torch.randint(256, (3, 64, 64), dtype=torch.uint8) for _ in range(4)]
    samples = make_samples(torch.randint(5, (4, 64, 64)))
    whole, halves = (trained(config, weights, images, samples, parts) for parts in (1, 2))
    start = weights[0]
    moved = max((whole[name] - start[name]).abs().max().item() for name in whole)
    assert moved > 1e-3
    for name, value in whole.items():
        difference = (halves[name] - value).abs().max().item()
        assert difference == pytest.approx(0, abs=1e-4 * moved), name

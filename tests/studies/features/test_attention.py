"""Attention is read as the modulation computes it."""

import math

import pytest
import torch
import torch.nn.functional as F
from mmseg.registry import MODELS

from ktda_mmseg.studies.features.attention import Recorder, attention_by_level, spread, weights


@pytest.fixture
def model(tiny_model):
    return MODELS.build(tiny_model)


@pytest.mark.parametrize('options', [{}, {'scale': 0.3}])
def test_weights_are_the_softmax_of_scaled_products(options):
    query, key = torch.randn(2, 3, 4, 8), torch.randn(2, 3, 6, 8)
    scale = options.get('scale', 1 / math.sqrt(8))
    expected = (query @ key.transpose(-1, -2) * scale).softmax(-1)
    torch.testing.assert_close(weights(query, key, options), expected)


def test_what_is_recorded_is_what_ran_and_changes_nothing():
    query, key, value = torch.randn(3, 1, 2, 5, 4)
    expected = F.scaled_dot_product_attention(query, key, value, scale=0.7)
    with Recorder() as recorder:
        found = F.scaled_dot_product_attention(query, key, value, scale=0.7)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    [call] = recorder.calls
    torch.testing.assert_close(weights(*call) @ value, expected)


def test_the_last_block_of_each_level_is_shown(model):
    model.eval()
    image = torch.randn(1, 3, 64, 64)
    found = attention_by_level(model, image)
    levels = model.decode_head.pyramid(model.extract_feat(image))
    assert [level.maps.shape[1:] for level in found] == [level.shape[2:] for level in levels]
    for level, attention, blocks in zip(levels, found, model.decode_head.modulation):
        tokens = blocks[0](level.flatten(2).transpose(1, 2), level.shape[2:])
        block = blocks[1]
        q, k, _ = (
            part.unflatten(2, (4, -1)).transpose(1, 2)
            for part in block.attn.qkv(block.norm1(tokens)).chunk(3, dim=2)
        )
        rows = (q @ k.transpose(-1, -2) / math.sqrt(q.size(-1))).softmax(-1).mean((0, 1))
        height, width = level.shape[2:]
        middle = rows[height // 2 * width + width // 2].detach().reshape(height, width)
        torch.testing.assert_close(attention.maps[1], middle, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(attention.maps.sum((1, 2)), torch.ones(3))


def test_pooled_keys_are_shown_on_their_own_grid(tiny_model):
    tiny_model.decode_head.modulation.pool = [3, 1, 1, 1]
    model = MODELS.build(tiny_model)
    image = torch.randn(1, 3, 64, 64)
    pooled, whole, *_ = attention_by_level(model, image)
    levels = model.eval().decode_head.pyramid(model.extract_feat(image))
    assert pooled.maps.shape[1:] == tuple(-(-side // 3) for side in levels[0].shape[2:])
    assert whole.maps.shape[1:] == levels[1].shape[2:]
    torch.testing.assert_close(pooled.maps.sum((1, 2)), torch.ones(3))


def test_levels_without_blocks_are_left_out(model):
    blocks = model.decode_head.modulation
    blocks[0], blocks[2] = torch.nn.Sequential(), blocks[2][:1]
    image = torch.randn(1, 3, 64, 64)
    before = attention_by_level(model, image)
    assert [attention.level for attention in before] == [1, 2, 3]
    blocks[3][0].attn.qkv.weight.data.mul_(50)  # not its last block
    blocks[2][0].attn.qkv.weight.data.mul_(50)
    after = attention_by_level(model, image)
    assert after[0].spread == before[0].spread and after[1].spread < before[1].spread - 0.01


@pytest.mark.parametrize('modulation', [None, dict(type='mlp', depth=2)])
def test_without_attention_there_is_none(tiny_model, modulation):
    tiny_model.decode_head.modulation = modulation
    model = MODELS.build(tiny_model)
    assert attention_by_level(model, torch.randn(1, 3, 64, 64)) == []


def test_the_spread_is_relative_to_attending_to_all_alike():
    assert spread(torch.full((2, 9), 1 / 9)) == pytest.approx(1)
    assert spread(torch.eye(9)) == 0
    assert spread(torch.tensor([[0.5, 0.5, 0, 0]])) == pytest.approx(0.5)
    assert spread(torch.ones(4, 1)) == 1

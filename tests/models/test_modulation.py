"""Modulation blocks against timm's, and what a wrong section is told."""

import pytest
import torch

from ktda_mmseg.models.modulation import Modulation


@pytest.mark.parametrize('scale', [None, 0.1])
def test_transformer_equals_timm(scale):
    vision_transformer = pytest.importorskip('timm.models.vision_transformer')
    oracle = vision_transformer.Block(24, 4, qkv_bias=True, init_values=scale)
    section = dict(type='transformer', depth=1, num_heads=4, layer_scale=scale)
    modulation = Modulation([24], section)
    for name, parameter in oracle.named_parameters():
        if 'gamma' in name:
            ours = modulation[0][0].get_parameter(name.replace('gamma', 'weight'))
            assert torch.equal(parameter, ours)
            torch.nn.init.uniform_(parameter)
    state = {name.replace('gamma', 'weight'): value for name, value in oracle.state_dict().items()}
    modulation[0][0].load_state_dict(state)
    level = torch.randn(2, 24, 5, 7)
    expected = oracle(level.flatten(2).transpose(1, 2)).transpose(1, 2).view_as(level)
    torch.testing.assert_close(modulation([level])[0], expected)


def test_it_begins_as_the_identity_and_learns():
    section = dict(type='transformer', num_heads=2, layer_scale=0)
    modulation = Modulation([8], section)
    modulation.init_weights()
    level = torch.randn(2, 8, 4, 4)
    (modulated,) = modulation([level])
    assert torch.equal(modulated, level)
    modulated.square().sum().backward()
    assert (modulation[0][0].ls1.weight.grad != 0).all()


@pytest.mark.parametrize('size', [(8, 12), (7, 10)])
def test_pooled_keys_are_means_of_squares(size):
    """Beside PyTorch's own attention, whose keys and values are means taken by hand."""
    pools = [4, 1]
    modulation = Modulation([24, 24], dict(type='transformer', num_heads=4, pool=pools))
    modulation[1].load_state_dict(modulation[0].state_dict())
    block = modulation[0][0]
    oracle = torch.nn.MultiheadAttention(24, 4, batch_first=True)
    oracle.load_state_dict(
        {
            'in_proj_weight': block.attn.qkv.weight,
            'in_proj_bias': block.attn.qkv.bias,
            'out_proj.weight': block.attn.proj.weight,
            'out_proj.bias': block.attn.proj.bias,
        }
    )
    level = torch.randn(2, 24, *size)
    tokens = level.flatten(2).transpose(1, 2)
    normed = block.norm1(tokens)
    grid = normed.unflatten(1, size)
    found = modulation([level, level])
    for side, modulated in zip(pools, found, strict=True):
        squares = [part for row in grid.split(side, dim=1) for part in row.split(side, dim=2)]
        keys = torch.stack([square.mean(dim=(1, 2)) for square in squares], dim=1)
        mixed = tokens + oracle(normed, keys, keys)[0]
        expected = (mixed + block.mlp(block.norm2(mixed))).transpose(1, 2).view_as(level)
        torch.testing.assert_close(modulated, expected)
    assert not torch.allclose(*found)


@pytest.mark.parametrize(
    ('keys', 'size', 'pool'),
    [
        (4, (4, 4), 1),
        (4, (5, 3), 2),
        (4, (3, 31), 8),
        # the fast recipes at 256 and 512 pixels
        *((19, (side, side), pool) for side, pool in [(76, 4), (38, 2), (19, 1), (148, 8)]),
    ],
)
def test_so_many_keys_a_side_are_those_of_a_pool(keys, size, pool):
    section = dict(type='transformer', num_heads=2)
    both = dict(keys=keys), dict(pool=pool)
    some, pooled = (Modulation([8], dict(section, **own)) for own in both)
    some.load_state_dict(pooled.state_dict())
    level = torch.randn(2, 8, *size)
    assert torch.equal(some([level])[0], pooled([level])[0])


def test_mlp_is_a_plain_bottleneck():
    modulation = Modulation([8], dict(type='mlp', reduction=2))
    unit = modulation[0][0]
    level = torch.randn(2, 8, 3, 5)
    hidden = torch.nn.functional.conv2d(level, unit.fc1.weight[..., None, None], unit.fc1.bias)
    expected = torch.nn.functional.conv2d(
        torch.nn.functional.gelu(hidden), unit.fc2.weight[..., None, None], unit.fc2.bias
    )
    assert unit.fc1.out_features == 4
    torch.testing.assert_close(modulation([level])[0], expected)


def test_a_trace_of_pooled_keys_follows_the_grid():
    modulation = Modulation([8], dict(type='transformer', num_heads=2, pool=4))
    with torch.no_grad():
        traced = torch.jit.trace(modulation, ([torch.randn(1, 8, 8, 12)],))
        other = torch.randn(2, 8, 7, 10)
        torch.testing.assert_close(traced([other]), modulation([other]))


@pytest.mark.parametrize('pool', [1, 2])
def test_checkpointing_keeps_less_and_computes_the_same(pool):
    section = dict(type='transformer', depth=2, num_heads=4, pool=pool)
    plain, frugal = Modulation([16], section), Modulation([16], dict(section, with_cp=True))
    frugal.load_state_dict(plain.state_dict())
    level = torch.randn(2, 16, 5, 7, requires_grad=True)
    kept = {}
    for name, modulation in dict(plain=plain, frugal=frugal).items():
        sizes = []

        def keep(tensor, sizes=sizes):
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            result = modulation([level])[0]
        kept[name] = sum(sizes)
        result.square().sum().backward()
    assert kept['frugal'] < kept['plain'] / 5
    for ours, theirs in zip(frugal.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)


def test_levels_share_no_weights():
    modulation = Modulation([8, 8], dict(type='mlp', depth=3))
    assert [len(blocks) for blocks in modulation] == [3, 3]
    weights = {p.data_ptr() for p in modulation.parameters()}
    assert len(weights) == 2 * 3 * 4


def test_a_depth_for_each_level():
    modulation = Modulation([8, 16], dict(type='transformer', depth=[0, 2]))
    assert [len(blocks) for blocks in modulation] == [0, 2]
    levels = torch.randn(2, 8, 4, 4), torch.randn(2, 16, 2, 2)
    unchanged, modulated = modulation(levels)
    torch.testing.assert_close(unchanged, levels[0], rtol=0, atol=0)
    assert not torch.equal(modulated, levels[1])


@pytest.mark.parametrize('kind', ['transformer', 'mlp'])
def test_init_is_the_official_one(kind):
    modulation = Modulation([256], dict(type=kind))
    modulation.init_weights()
    for module in modulation.modules():
        if isinstance(module, torch.nn.Linear):
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.05)
            assert not module.bias.any()


@pytest.mark.parametrize(
    ('section', 'message'),
    [
        (dict(type='conv'), "one of \\['transformer', 'mlp'\\], got 'conv'"),
        (dict(type='mlp', num_heads=8), "keys depth, with_cp, reduction .*'mlp', got num_heads"),
        (dict(type='transformer', num_heads=5), 'divide the 8 channels, got 5'),
        (dict(type='mlp', depth=[1, 2]), r'depth to be one number or 1, got \[1, 2\]'),
        (dict(type='mlp', pool=2), "keys depth, with_cp, reduction .*'mlp', got pool"),
        (dict(type='transformer', pool=0), 'pool of at least 1, got 0'),
        (dict(type='transformer', keys=0), 'keys of at least 1, or None, got 0'),
        (dict(type='transformer', pool=[1, 2]), r'pool to be one number or 1, got \[1, 2\]'),
    ],
)
def test_a_wrong_section_is_named(section, message):
    with pytest.raises(ValueError, match=message):
        Modulation([8], section)

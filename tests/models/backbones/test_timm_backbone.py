"""TimmBackbone against timm itself."""

import sys
from pathlib import Path

import pytest
import torch
from mmseg.registry import MODELS

from ktda_mmseg.checkpoints import load_pretrained
from ktda_mmseg.checkpoints.efficientnet import efficientnet_to_timm
from ktda_mmseg.models.backbones import TimmBackbone

timm = pytest.importorskip('timm')

VIT = 'vit_tiny_patch16_224'
SMALL = dict(embed_dim=32, depth=4, num_heads=2)


@pytest.mark.parametrize('norm', [True, False])
def test_transformer_levels_are_the_blocks_without_class_token(norm: bool) -> None:
    ours = TimmBackbone(VIT, out_indices=(0, 2), norm=norm, **SMALL).eval()
    theirs = timm.create_model(VIT, **SMALL).eval()
    missing, _ = theirs.load_state_dict(ours.model.state_dict(), strict=False)
    assert not [key for key in missing if key.startswith(('blocks.0', 'blocks.2', 'patch', 'pos'))]
    tokens = {}
    for index in (0, 2):
        theirs.blocks[index].register_forward_hook(
            lambda _, __, output, index=index: tokens.update({index: output})
        )
    x = torch.rand(2, 3, 224, 224)
    theirs(x)
    for level, index in zip(ours(x), (0, 2), strict=True):
        expected = theirs.norm(tokens[index]) if norm else tokens[index]
        torch.testing.assert_close(level.flatten(2).mT, expected[:, 1:])
    assert ours.out_channels == [32, 32]


@pytest.mark.parametrize('name', ['test_resnet', 'test_convnext', 'test_efficientnet'])
def test_stages_are_those_of_the_feature_pyramid(name: str) -> None:
    ours = TimmBackbone(name, out_indices=(-1, 2)).eval()
    theirs = timm.create_model(name, features_only=True, out_indices=ours.out_indices).eval()
    weights = ours.model.state_dict().values()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), weights, strict=True)))
    x = torch.rand(1, 3, 64, 96)
    for level, expected, width in zip(ours(x), theirs(x), ours.out_channels, strict=True):
        torch.testing.assert_close(level, expected)
        assert width == expected.size(1)


@pytest.mark.parametrize('size', [(32, 32), (200, 328), (30, 49)])
def test_transformers_take_any_size(size: tuple[int, int]) -> None:
    model = TimmBackbone(VIT, out_indices=2, **SMALL).eval()
    grid = tuple(-(-side // 16) for side in size)
    assert [tuple(level.shape) for level in model(torch.rand(1, 3, *size))] == [(1, 32, *grid)] * 2


@pytest.mark.parametrize('norm', [True, False])
@pytest.mark.parametrize('name', ['test_vit', 'test_resnet', 'test_efficientnet', 'test_convnext'])
def test_trains_every_parameter(name: str, norm: bool) -> None:
    model = TimmBackbone(name, norm=norm)
    sum(level.square().mean() for level in model(torch.rand(2, 3, 160, 160))).backward()
    unused = [key for key, parameter in model.named_parameters() if parameter.grad is None]
    assert not unused


def test_a_frozen_student_keeps_weights_and_batch_statistics() -> None:
    model = TimmBackbone('test_efficientnet', out_indices=2, frozen=True)
    model.train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model(torch.randn(2, 3, 64, 64))
    assert not any(parameter.requires_grad for parameter in model.parameters())
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_states_the_statistics_of_its_training() -> None:
    model = MODELS.build(dict(type='TimmBackbone', model_name='test_resnet'))
    config = timm.get_pretrained_cfg('test_resnet')
    assert model.input_mean == pytest.approx([255 * value for value in config.mean])
    assert model.input_std == pytest.approx([255 * value for value in config.std])


def test_states_the_statistics_it_is_given() -> None:
    mean, std = [0.1, 0.2, 0.3, 0.4], (1.0, 2.0, 3.0, 4.0)
    config = dict(type='TimmBackbone', model_name='test_resnet', in_chans=4, input_scale=7.0)
    model = MODELS.build(dict(config, input_mean=mean, input_std=std))
    assert (model.input_mean, model.input_std) == (mean, list(std))


@torch.no_grad()
@pytest.mark.parametrize('size', [(80, 112), (96, 64)])
def test_fixed_padding_is_that_of_efficientnet_pytorch(size: tuple[int, int]) -> None:
    package = pytest.importorskip(
        'efficientnet_lite_pytorch', reason='needs efficientnet-lite-pytorch'
    )
    theirs = package.EfficientNet.from_name('efficientnet-lite0').eval()  # of 224 pixels a side
    options = dict(model_name='tf_efficientnet_lite0', out_indices=(-1,))
    fixed, free = (TimmBackbone(**options, padding_size=side).eval() for side in (224, None))
    weights = efficientnet_to_timm(theirs.state_dict(), 'package').weights
    x = torch.randn(1, 3, *size)
    expected = theirs._swish(theirs._bn0(theirs._conv_stem(x)))
    for block in theirs._blocks:
        expected = block(expected)
    for model in (fixed, free):
        model.model.load_state_dict({key: weights[key] for key in model.model.state_dict()})
    torch.testing.assert_close(fixed(x)[0], expected)
    # multiples of 32 are padded alike, other sizes are not
    same = free(x)[0].shape == expected.shape and torch.allclose(free(x)[0], expected, atol=1e-4)
    assert same == (size == (96, 64))


def test_fixed_padding_needs_a_model_that_pads_by_size() -> None:
    with pytest.raises(ValueError, match="padding_size: expected a model with 'same' padding"):
        TimmBackbone('test_resnet', padding_size=224)


@pytest.mark.parametrize('name', ['test_vit', 'test_efficientnet'])
def test_checkpoint_of_the_whole_model(name: str, tmp_path: Path) -> None:
    whole = timm.create_model(name).eval()
    torch.save(whole.state_dict(), tmp_path / 'model.pth')
    model = TimmBackbone(name, out_indices=1, checkpoint=str(tmp_path / 'model.pth')).eval()
    assert model.is_pretrained
    assert 'state_dict' not in model.model.pretrained_cfg
    x = torch.rand(1, 3, 160, 160)
    expected = whole.forward_intermediates(x, indices=1, norm=True, intermediates_only=True)[0]
    torch.testing.assert_close(model(x)[0], expected)


def test_its_first_stages_take_the_file_of_all_stages(tmp_path: Path) -> None:
    whole = TimmBackbone('test_efficientnet')
    torch.save(whole.state_dict(), tmp_path / 'whole.pth')
    first = TimmBackbone('test_efficientnet', out_indices=[0, 1])
    load_pretrained(first, tmp_path / 'whole.pth')
    x = torch.rand(1, 3, 64, 64)
    expected = whole.eval().model.forward_intermediates(x, indices=[0, 1], intermediates_only=True)
    torch.testing.assert_close(list(first.eval()(x)), expected)

    other = whole.state_dict() | {'model.blocks.9.weight': torch.ones(1)}
    torch.save(other, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match='tensors have no place in TimmBackbone'):
        load_pretrained(first, tmp_path / 'other.pth')


def test_init_weights_keeps_what_was_loaded() -> None:
    model = TimmBackbone('test_vit')
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.5)
    model.init_weights()
    assert all((parameter == 0.5).all() for parameter in model.parameters())


def test_checkpoint_of_another_model(tmp_path: Path) -> None:
    path = tmp_path / 'model.pth'
    torch.save(timm.create_model('test_resnet').state_dict(), path)
    with pytest.raises(ValueError, match=rf'test_efficientnet from .*{path.name}: .*Missing key'):
        TimmBackbone('test_efficientnet', checkpoint=str(path))
    with pytest.raises(FileNotFoundError, match=r'none\.pth'):
        TimmBackbone('test_efficientnet', checkpoint=str(tmp_path / 'none.pth'))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(model_name='vit_of_nobody'), 'Unknown model'),
        (dict(model_name='test_resnet', out_indices=(1, 5)), r'of 5 levels .*, got \(1, 5\)'),
        (dict(model_name='test_resnet', out_indices=6), '5 levels of test_resnet, got 6'),
        (dict(model_name='test_resnet', out_indices=()), r'got \(\)'),
    ],
)
def test_wrong_arguments(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TimmBackbone(**arguments)


def test_unknown_model_argument() -> None:
    with pytest.raises(TypeError, match='no_such_option'):
        TimmBackbone('test_resnet', no_such_option=1)


def test_without_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'timm', None)
    with pytest.raises(ImportError, match=r"pip install 'ktda-mmseg\[timm\]'"):
        TimmBackbone('test_resnet')

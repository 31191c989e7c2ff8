"""bfloat16 trains on any device; what cannot work says so."""

from copy import deepcopy

import pytest
import torch
from mmengine.config import Config
from mmseg.registry import OPTIM_WRAPPERS

from ktda_mmseg.engine import mixed_precision
from ktda_mmseg.engine.mixed_precision import keep_depthwise_in_float32, use_mixed_precision
from ktda_mmseg.utils import precision


def test_bfloat16_computes_low_and_keeps_weights_and_gradients_high():
    model = torch.nn.Linear(8, 4)
    wrapper = OPTIM_WRAPPERS.build(
        dict(type='BFloat16OptimWrapper', optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
    )
    before = model.weight.detach().clone()
    with wrapper.optim_context(model):
        output = model(torch.randn(2, 8))
    wrapper.update_params(output.float().sum())
    assert output.dtype == torch.bfloat16
    assert model.weight.dtype == torch.float32 and not torch.equal(model.weight, before)
    assert torch.is_autocast_enabled('cpu') is False


def test_depthwise_convolutions_stay_in_float32():
    """Twice as well, in copies too: those of averaged weights are copied after the first step."""

    class Shifted(torch.nn.Conv2d):
        def forward(self, x):
            return super().forward(x) + 1

    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 1), Shifted(4, 4, 3, groups=4), torch.nn.Conv2d(4, 4, 1, groups=2)
    )
    expected, keys = model[1](image := torch.randn(1, 4, 5, 5)), list(model.state_dict())
    for _ in range(2):
        keep_depthwise_in_float32(model)
    copied = deepcopy(model)
    torch.nn.init.zeros_(model[1].weight)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(copied[1](image.bfloat16().float()), copied[1](image.bfloat16()))
        assert torch.equal(copied[1](image), expected)
        assert [copied[i](image[:, :n]).dtype for i, n in ((0, 3), (2, 4))] == [torch.bfloat16] * 2
    assert list(copied.state_dict()) == keys and isinstance(copied[1], Shifted)


@pytest.mark.parametrize(
    ('precision', 'expected'),
    [
        ('bf16', dict(type='BFloat16OptimWrapper')),
        ('fp16', dict(type='AmpOptimWrapper', dtype='float16', loss_scale='dynamic')),
    ],
)
def test_the_wrapper_of_a_precision(monkeypatch, precision, expected):
    monkeypatch.setattr(mixed_precision, 'get_device', lambda: 'cuda')
    config = Config(dict(optim_wrapper=dict(type='OptimWrapper', clip_grad=dict(max_norm=1))))
    use_mixed_precision(config, precision)
    assert config.optim_wrapper == dict(expected, clip_grad=dict(max_norm=1))


@pytest.mark.parametrize(
    ('wrapper', 'message'),
    [
        ('OptimWrapper', 'fp16 expects a GPU'),
        ('DeepSpeedOptimWrapper', 'expects optim_wrapper.type OptimWrapper, got DeepSpeed'),
    ],
)
def test_what_cannot_train_in_fp16_is_refused(monkeypatch, wrapper, message):
    monkeypatch.setattr(mixed_precision, 'get_device', lambda: 'cpu')
    with pytest.raises(ValueError, match=message):
        use_mixed_precision(Config(dict(optim_wrapper=dict(type=wrapper))), 'fp16')


def test_a_cpu_that_is_slower_in_bfloat16_is_told(monkeypatch):
    texts = []
    monkeypatch.setattr(precision, 'get_device', lambda: 'cpu')
    monkeypatch.setattr(precision, 'bfloat16_time', lambda: 51.5)
    monkeypatch.setattr(precision, 'print_log', lambda text, *_: texts.append(text))
    optimizer = torch.optim.SGD(torch.nn.Linear(8, 4).parameters(), lr=0.1)
    OPTIM_WRAPPERS.build(dict(type='BFloat16OptimWrapper', optimizer=optimizer))
    assert [text.split(',')[0] for text in texts] == [
        'bfloat16 takes 51.5 times as long as float32 on this processor'
    ]

"""bfloat16 trains on any device; what cannot work says so."""

import pytest
import torch
from mmengine.config import Config
from mmseg.registry import OPTIM_WRAPPERS

from ktda_mmseg.engine import mixed_precision
from ktda_mmseg.engine.mixed_precision import use_mixed_precision


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

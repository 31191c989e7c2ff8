"""A device computes what the CPU computes in double precision; on a GPU, `pytest -m gpu`."""

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

DEVICES = [
    'cpu',
    pytest.param(
        'cuda',
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason='there is no GPU'),
        ],
    ),
]


@pytest.fixture
def exact_products():
    """Products of fp32 numbers are of fp32 numbers."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def model_on(device: str, dtype: torch.dtype, config: ConfigDict) -> torch.nn.Module:
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(config)
    model.init_weights()
    model.teacher.backbone.to(dtype)  # no module of the model's
    return model.to(device).to(dtype).train()


def batch() -> dict:
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(256, (2, 3, 64, 64), generator=generator, dtype=torch.uint8)
    samples = []
    for labels in torch.randint(5, (2, 1, 64, 64), generator=generator):
        sample = SegDataSample(metainfo=dict(img_shape=(64, 64), ori_shape=(64, 64)))
        sample.gt_sem_seg = PixelData(data=labels)
        samples.append(sample)
    return dict(inputs=list(images), data_samples=samples)


def step(model: torch.nn.Module) -> tuple[dict[str, float], torch.Tensor]:
    """Return the losses of a batch, and the gradients' norms, parameter by parameter."""
    data = model.data_preprocessor(batch(), training=True)
    data['inputs'] = data['inputs'].to(next(model.parameters()).dtype)
    losses = {k: v for k, v in model(**data, mode='loss').items() if 'loss' in k}
    sum(losses.values()).backward()
    norms = torch.stack(
        [p.grad.norm().cpu().double() for p in model.parameters() if p.grad is not None]
    )
    return {name: value.item() for name, value in losses.items()}, norms


@pytest.mark.parametrize('device', DEVICES)
def test_a_step_is_that_of_double_precision(tiny_model, device, exact_products):
    losses, norms = step(model_on(device, torch.float32, tiny_model))
    expected, exact = step(model_on('cpu', torch.float64, tiny_model))
    assert {'decode.loss_ce'} < losses.keys() == expected.keys()
    assert losses == pytest.approx(expected, rel=1e-4)
    torch.testing.assert_close(norms, exact, rtol=1e-2, atol=1e-5)


@pytest.mark.parametrize('device', DEVICES)
@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_is_near(tiny_model, device, dtype):
    model = model_on(device, torch.float32, tiny_model)
    expected, _ = step(model_on('cpu', torch.float64, tiny_model))
    with torch.autocast(device, dtype):
        losses, norms = step(model)
    assert losses == pytest.approx(expected, rel=0.1)
    assert norms.isfinite().all()


@pytest.mark.parametrize('device', DEVICES)
def test_labels_are_those_of_double_precision(tiny_model, device, exact_products):
    tiny_model.test_cfg = dict(mode='whole')
    labels = []
    for where, dtype in ((device, torch.float32), ('cpu', torch.float64)):
        model = model_on(where, dtype, tiny_model).train(False)
        data = model.data_preprocessor(batch(), training=False)
        data['inputs'] = data['inputs'].to(dtype)
        with torch.no_grad():
            samples = model(**data, mode='predict')
        labels.append(torch.stack([s.pred_sem_seg.data.cpu() for s in samples]))
    assert (labels[0] == labels[1]).double().mean() > 0.999

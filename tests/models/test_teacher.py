"""FrozenTeacher: its inputs and its identity."""

import pytest
import torch
from mmengine.config import ConfigDict
from mmseg.models import SegDataPreProcessor
from mmseg.registry import MODELS
from torch import nn

from ktda_mmseg.models import FrozenTeacher


@MODELS.register_module()
class EchoTeacher(nn.Module):
    """Returns its input, which its statistics say is in units of 0 to 255."""

    input_mean = (10.0, 20.0, 30.0)
    input_std = (1.0, 2.0, 4.0)

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(gain))

    def forward(self, inputs):
        return (inputs * self.gain,)


def preprocessor(mean=(100.0, 110.0, 120.0), std=(50.0, 60.0, 70.0)):
    return SegDataPreProcessor(mean=mean, std=std, bgr_to_rgb=True)


def test_the_students_normalisation_is_replaced():
    raw = torch.rand(2, 3, 4, 4) * 255
    mean, std = (torch.tensor(x).view(3, 1, 1) for x in ((100.0, 110.0, 120.0), (50.0, 60.0, 70.0)))
    teacher = FrozenTeacher(ConfigDict(type='EchoTeacher'), preprocessor())
    (seen,) = teacher((raw - mean) / std)
    expected = (raw - torch.tensor([10.0, 20, 30]).view(3, 1, 1)) / torch.tensor([1.0, 2, 4]).view(
        3, 1, 1
    )
    torch.testing.assert_close(seen, expected, rtol=1e-5, atol=1e-4)


def test_raw_inputs_are_normalised_too():
    teacher = FrozenTeacher(ConfigDict(type='EchoTeacher'), SegDataPreProcessor())
    (seen,) = teacher(torch.full((1, 3, 1, 1), 40.0))
    torch.testing.assert_close(seen.flatten(), torch.tensor([30.0, 10.0, 2.5]))


def test_another_number_of_bands_is_named():
    with pytest.raises(ValueError, match='mean of 3 channels.*EchoTeacher.*got 1'):
        FrozenTeacher(ConfigDict(type='EchoTeacher'), SegDataPreProcessor([0.0], [1.0]))


def test_fingerprint_tells_weights_and_config_apart():
    def fingerprint(**options):
        return FrozenTeacher(
            ConfigDict(type='EchoTeacher', **options), preprocessor()
        ).fingerprint()

    assert fingerprint() == fingerprint()
    assert fingerprint()['sha256'] != fingerprint(gain=2.0)['sha256']
    assert fingerprint()['config'] != fingerprint(gain=1.0)['config']

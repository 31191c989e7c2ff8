"""Size and speed of the deployed model."""

import statistics
import time
from typing import NamedTuple

import torch

from ktda_mmseg.benchmark.flops import count_forward
from ktda_mmseg.benchmark.steps import image_size, random_batch
from ktda_mmseg.checkpoints.deploy import Deployed

REPEATS, WARM_UP = 10, 2


class Cost(NamedTuple):
    """What a deployed model costs.

    Attributes:
        size (tuple[int, int]): Height and width of the image that was predicted, in pixels: the
            crop that the model was trained on.
        parameters (int): Parameters.
        macs (int): Multiplications with addition in convolutions, matrix products and attention.
        latency (float): Median seconds from one raw image to its labels.
    """

    size: tuple[int, int]
    parameters: int
    macs: int
    latency: float


@torch.inference_mode()
def cost_of(deployed: Deployed) -> Cost:
    """Measure a model, as it stands on its device.

    Args:
        deployed (Deployed): The model.

    Returns:
        Cost: What one image costs.
    """
    model, size = deployed.model, image_size(deployed.config)
    batch = random_batch(deployed.config, 1, size)
    macs = sum(count_forward(model, batch).values()) // 2
    seconds = []
    for _ in range(WARM_UP + REPEATS):
        start = time.perf_counter()
        # labels are copied from the device, so that it has finished
        model.test_step(batch)[0].pred_sem_seg.data.cpu()
        seconds.append(time.perf_counter() - start)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Cost(size, parameters, macs, statistics.median(seconds[WARM_UP:]))

"""Mixed images, for a stage of training that no label takes part in."""

import torch
from torch import Tensor


def mixed_images(images: Tensor) -> Tensor:
    """Mix each image of a batch with one drawn from it, at times itself, by a share from 0 to 1.

    Student and teacher see the same mixture, so that few images become many. Source: mixup of
    Zhang et al. (arXiv 1710.09412) without its labels, for distillation as in Beyer et al. (arXiv
    2106.05237).

    Args:
        images (Tensor): ``(N, C, H, W)``; each is drawn once.

    Returns:
        Tensor: Of the same shape. What is random comes from the CPU's generator on any device.
    """
    others = torch.randperm(len(images)).to(images.device)
    shares = torch.rand(len(images), 1, 1, 1).to(images)
    return torch.lerp(images, images[others], shares)

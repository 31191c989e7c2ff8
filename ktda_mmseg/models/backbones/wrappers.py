"""Backbones upon a backbone: what it sees is enlarged, its levels exchange what they see."""

from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType
from torch import Tensor

from ..teacher_inputs import Sight


@MODELS.register_module()
class EnlargedBackbone(BaseModule):
    """A student that sees images as a teacher with ``scale`` and ``window`` does.

    Args:
        backbone (dict): Config of any backbone.
        scale (float): See :class:`ktda_mmseg.models.teacher_inputs.Sight`.
        window (int | None): Likewise.
        init_cfg (dict | None): See ``mmengine.model.BaseModule``.
    """

    def __init__(
        self,
        backbone: ConfigType,
        scale: float,
        window: int | None = None,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(init_cfg)
        self.backbone = MODELS.build(backbone)
        self.sight = Sight(scale, window)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Extract the backbone's maps of images ``(N, C, H, W)``."""
        return self.sight(self.backbone, x)


@MODELS.register_module()
class PyramidBackbone(BaseModule):
    """A backbone and a pyramid upon it as one, for teachers whose levels know their context.

    Args:
        backbone (dict): Config of any backbone.
        pyramid (dict): Config of a neck that takes its levels, such as ``FPN``.
        init_cfg (dict | None): See ``mmengine.model.BaseModule``.
    """

    def __init__(
        self, backbone: ConfigType, pyramid: ConfigType, init_cfg: OptConfigType = None
    ) -> None:
        super().__init__(init_cfg)
        self.backbone = MODELS.build(backbone)
        self.pyramid = MODELS.build(pyramid)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Extract the pyramid's levels of images ``(N, C, H, W)``."""
        return self.pyramid(self.backbone(x))

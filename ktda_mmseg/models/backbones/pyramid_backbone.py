"""A backbone whose levels have exchanged what they see before they are aligned."""

from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType
from torch import Tensor


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

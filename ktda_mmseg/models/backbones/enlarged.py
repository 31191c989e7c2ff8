"""A backbone that sees the image at another size."""

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

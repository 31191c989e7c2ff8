"""Feature Modulation Module as a decode head: pyramid, modulation and decoders."""

from collections.abc import Sequence
from typing import Literal

from mmengine.model import BaseModule, ModuleList
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType, SampleList, add_prefix
from torch import Tensor

from .modulation import Modulation


@MODELS.register_module()
class FMMHead(BaseModule):
    """Adapt aligned features to the domain and decode them.

    Source: ``fmm.py`` and the final configs of the official code.

    Args:
        in_channels (Sequence[int]): Width of each aligned level.
        num_classes (int): Number of classes, for every decoder.
        decoder (dict): The main decoder, any registered decode head.
        auxiliary (dict | list[dict] | None): Decoders that supervise training only.
        pyramid (dict | None): A neck with ``out_channels`` and ``num_outs``, such as
            ``MultiLevelNeck``.
        modulation (dict | None): See :class:`Modulation`.
        order (str): ``'pyramid_first'`` as the official code does, or ``'modulation_first'`` as
            the paper's figure shows.

    Raises:
        ValueError: If ``order`` is unknown or a decoder names another number of classes.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        num_classes: int,
        decoder: ConfigType,
        auxiliary: ConfigType | list[ConfigType] | None = None,
        pyramid: OptConfigType = None,
        modulation: OptConfigType = None,
        order: Literal['pyramid_first', 'modulation_first'] = 'pyramid_first',
    ) -> None:
        super().__init__()
        if order not in ('pyramid_first', 'modulation_first'):
            raise ValueError(f"expected order 'pyramid_first' or 'modulation_first', got {order!r}")
        self.order = order
        self.pyramid = MODELS.build(pyramid) if pyramid else None
        if self.pyramid is not None and order == 'pyramid_first':
            in_channels = [self.pyramid.out_channels] * self.pyramid.num_outs
        self.modulation = Modulation(in_channels, modulation) if modulation else None
        self.decoder = build_decoder(decoder, num_classes)
        self.auxiliary: BaseDecodeHead | ModuleList | None = None
        if isinstance(auxiliary, Sequence):
            self.auxiliary = ModuleList(build_decoder(cfg, num_classes) for cfg in auxiliary)
        elif auxiliary is not None:
            self.auxiliary = build_decoder(auxiliary, num_classes)
        # what EncoderDecoder asks of its decode head
        self.num_classes = num_classes
        self.out_channels = self.decoder.out_channels
        self.threshold = self.decoder.threshold
        self.align_corners = self.decoder.align_corners

    def modulate(self, levels: Sequence[Tensor]) -> Sequence[Tensor]:
        """Apply pyramid and modulation in the configured order."""
        steps = [self.pyramid, self.modulation]
        if self.order == 'modulation_first':
            steps.reverse()
        for step in steps:
            if step is not None:
                levels = step(levels)
        return levels

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Return the main decoder's logits ``(N, num_classes, h', w')``."""
        return self.decoder(self.modulate(inputs))

    def predict(
        self, inputs: Sequence[Tensor], batch_img_metas: list[dict], test_cfg: ConfigType
    ) -> Tensor:
        """Return logits ``(N, num_classes, H, W)`` at the size of the images."""
        return self.decoder.predict(self.modulate(inputs), batch_img_metas, test_cfg)

    def loss(
        self, inputs: Sequence[Tensor], batch_data_samples: SampleList, train_cfg: ConfigType
    ) -> dict[str, Tensor]:
        """Compute the losses of all decoders.

        Args:
            inputs (Sequence[Tensor]): Aligned levels ``(N, C_i, h, w)``.
            batch_data_samples (list[SegDataSample]): Samples with ``gt_sem_seg``.
            train_cfg (dict): Training config of the segmentor.

        Returns:
            dict[str, Tensor]: ``decode.*`` and ``aux.*``; for a list of ``n`` auxiliary decoders
            ``aux_0.*`` ..., each divided by ``n`` as in the official code.

        Raises:
            ValueError: If a batch norm meets a single value per channel.
        """
        levels = self.modulate(inputs)
        try:
            losses = add_prefix(self.decoder.loss(levels, batch_data_samples, train_cfg), 'decode')
            if isinstance(self.auxiliary, ModuleList):
                for index, head in enumerate(self.auxiliary):
                    head_losses = head.loss(levels, batch_data_samples, train_cfg)
                    share = {key: value / len(self.auxiliary) for key, value in head_losses.items()}
                    losses.update(add_prefix(share, f'aux_{index}'))
            elif self.auxiliary is not None:
                head_losses = self.auxiliary.loss(levels, batch_data_samples, train_cfg)
                losses.update(add_prefix(head_losses, 'aux'))
        except ValueError as error:
            if 'more than 1 value per channel' not in str(error):
                raise
            raise ValueError(
                'a batch of one image cannot train a decoder whose BatchNorm follows a 1×1 pool '
                '(UPerHead): expected train_dataloader.batch_size of 2 or more, or '
                "norm_cfg=dict(type='GN', num_groups=32) in the decoder"
            ) from error
        return losses


def build_decoder(cfg: ConfigType, num_classes: int) -> BaseDecodeHead:
    """Build a decoder for ``num_classes``."""
    if cfg.get('num_classes', num_classes) != num_classes:
        raise ValueError(
            f'expected {cfg["type"]}.num_classes to be left out or equal to FMMHead.num_classes='
            f'{num_classes}, got {cfg["num_classes"]}'
        )
    return MODELS.build({**cfg, 'num_classes': num_classes})

"""The training-time segmentor of KTDA: an EncoderDecoder that also learns from a teacher."""

from functools import cached_property
from typing import Any, Literal

from mmengine.dist import all_reduce_dict
from mmseg.models.segmentors import EncoderDecoder
from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType, SampleList, add_prefix
from torch import Tensor, nn

from ktda_mmseg.checkpoints import load_pretrained
from ktda_mmseg.utils.input_bands import teacher_configs

from .fmm import FMMHead
from .mixup import mixed_images
from .teacher import FrozenTeacher, FrozenTeachers
from .teacher_maps import attached_levels, refuse_attached_maps
from .transfer import Transfer

TRANSFER = 'transfer.'  # keys of what training alone needs


@MODELS.register_module()
class KTDASegmentor(EncoderDecoder):
    """Student backbone, FAM and FMMHead, trained with knowledge transfer.

    Only :meth:`loss` differs from ``EncoderDecoder``: one student pass feeds the decoders and the
    transfer losses. Checkpoints hold no teacher and load strictly into a plain
    ``EncoderDecoder(backbone, neck, decode_head)``. Source: the paper's figure 2 and
    ``distill_encoder_decoder.py`` of the official code, which runs the student twice.

    Args:
        neck (dict | None): :class:`FAM`; needed for transfer.
        teacher (dict | list[dict] | None): Config of any backbone, see :class:`FrozenTeacher`, or
            of several. ``alignment`` and ``share`` in it are those of :class:`Transfer`.
        transfer_losses (list[dict] | None): Losses ``(student, teacher) -> scalar`` of a level,
            averaged over the levels.
        standardise_teacher (bool | str): True gives every channel of the teacher mean 0 and
            variance 1 over the batch before it is compared, so that no channel or level drowns the
            others; ``'equal_variance'`` turns them to equal variances, see :class:`EqualVariance`.
        **kwargs: Other arguments of ``EncoderDecoder``: ``backbone`` is the student,
            ``decode_head`` a :class:`FMMHead` or any other head.

    Raises:
        ValueError: If only one of ``teacher`` and ``transfer_losses`` is given, or the neck is
            missing.
    """

    def __init__(
        self,
        *,
        neck: OptConfigType = None,
        teacher: ConfigType | list[ConfigType] | None = None,
        transfer_losses: list[ConfigType] | None = None,
        standardise_teacher: bool | str = False,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        if bool(teacher) != bool(transfer_losses) or (teacher and not neck):
            raise ValueError(
                'expected model.teacher, model.transfer_losses and model.neck together (transfer) '
                f'or neither of the first two, got teacher={bool(teacher)}, '
                f'transfer_losses={bool(transfer_losses)}, neck={bool(neck)}'
            )
        super().__init__(neck=neck, **kwargs)
        configs = teacher_configs(teacher)
        self.teacher_cfg = configs
        self.transfer = Transfer(configs, transfer_losses or [], standardise_teacher)
        # what this iteration learns from, and whether of mixed images, see TransferStageHook
        self.taught_by: Literal['both', 'teacher', 'labels'] = 'both'
        self.mixup = False
        self._register_state_dict_hook(_leave_out_transfer)
        self.register_load_state_dict_post_hook(_expect_no_transfer)

    @cached_property
    def teacher(self) -> FrozenTeacher | FrozenTeachers | None:
        """FrozenTeacher | None: Built when training first asks for it, so never at inference."""
        if not self.teacher_cfg:
            return None
        if len(self.teacher_cfg) == 1:
            return FrozenTeacher(self.teacher_cfg[0], self.data_preprocessor)
        return FrozenTeachers(self.teacher_cfg, self.data_preprocessor)

    def init_weights(self) -> None:
        """Initialise the student and load what is pretrained, with a report of what matched."""
        pretrained = []
        for module in self.backbone.modules():
            init_cfg = getattr(module, 'init_cfg', None)
            if isinstance(init_cfg, dict) and init_cfg['type'] == 'Pretrained':
                pretrained.append((module, {k: v for k, v in init_cfg.items() if k != 'type'}))
                module.init_cfg = None  # so that mmengine does not load it without a report
        super().init_weights()
        for module, options in pretrained:
            load_pretrained(module, **options)
        # a teacher that cannot be loaded stops the run before its first step
        _ = self.teacher

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Compute all losses from one student pass.

        Args:
            inputs (Tensor): Normalised images ``(N, C, H, W)``.
            data_samples (list[SegDataSample]): Samples with ``gt_sem_seg``.

        Returns:
            dict[str, Tensor]: ``decode.*`` and ``aux.*``, unless ``taught_by`` is ``'teacher'``,
            and ``transfer.*``, unless it is ``'labels'``.
        """
        if self.mixup:
            refuse_attached_maps(data_samples)
            inputs = mixed_images(inputs)
        features = self.backbone(inputs)
        aligned = self.neck(features) if self.with_neck else features
        losses: dict[str, Tensor] = {}
        if self.taught_by != 'teacher':
            losses.update(self._decode_head_forward_train(aligned, data_samples))
            if self.with_auxiliary_head:
                losses.update(self._auxiliary_head_forward_train(aligned, data_samples))
        if self.teacher is not None and self.taught_by != 'labels':
            levels = attached_levels(data_samples, self.teacher) or self.teacher(inputs)
            losses.update(add_prefix(self.transfer(aligned, levels, features), 'transfer'))
        return losses

    def parse_losses(self, losses: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Add up the losses of this rank, and average what is logged over all ranks."""
        total, logged = super().parse_losses(losses)
        averaged = {key: value.detach() for key, value in logged.items()}
        all_reduce_dict(averaged, 'mean')
        return total, {key: averaged[key] for key in logged}

    def _decode_head_forward_train(
        self, inputs: list[Tensor], data_samples: SampleList
    ) -> dict[str, Tensor]:
        if isinstance(self.decode_head, FMMHead):
            # FMMHead names the losses of its decoders itself
            return self.decode_head.loss(inputs, data_samples, self.train_cfg)
        return super()._decode_head_forward_train(inputs, data_samples)


def _leave_out_transfer(
    module: nn.Module, state: dict[str, Tensor], prefix: str, _: dict[str, Any]
) -> None:
    """Keep checkpoints those of a plain EncoderDecoder; ExactResumeHook saves the rest."""
    for key in [key for key in state if key.startswith(prefix + TRANSFER)]:
        del state[key]


def _expect_no_transfer(module: nn.Module, keys: Any) -> None:  # noqa: ANN401
    """Miss nothing that checkpoints do not hold."""
    keys.missing_keys[:] = [key for key in keys.missing_keys if TRANSFER not in key]

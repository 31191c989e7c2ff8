"""Checkpoints of the official KTDA code: their names for the parts, and ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from .renaming import Conversion, parts, rename

_TEACHER = 'teach_backbone.'
_BLOCK = r'(?:norm[12]|attn\.qkv|attn\.proj|mlp\.fc[12]|fc[12])\.(?:weight|bias)'
_RULES = [
    (r'(backbone\..+)', r'\1'),
    (r'(?:fam|student_adapter)\.(.+)', r'neck.\1'),
    (r'neck\.(.+)', r'decode_head.pyramid.\1'),
    (r'decode_head\.(.+)', r'decode_head.decoder.\1'),
    (r'auxiliary_head\.(.+)', r'decode_head.auxiliary.\1'),
    # the modulation had other names before the first release; its blocks did not
    (rf'(?!teach_backbone)(?:\w+\.)+?(\d+\.\d+\.{_BLOCK})', r'decode_head.modulation.\1'),
    (r'teach_backbone\..+|data_preprocessor\..+', None),
]


@dataclass(frozen=True)
class OfficialWeights:
    """What an official checkpoint holds."""

    student: Conversion
    teacher: dict[str, Tensor]

    def __str__(self) -> str:
        """List counts by part."""
        return (
            f'{len(self.student.weights)} tensors of the model: {parts(self.student.weights, 2)}\n'
            f'{len(self.teacher)} tensors of the teacher: {parts(self.teacher) or "none"}'
        )


def convert_official(weights: dict[str, Tensor], source: str | Path) -> OfficialWeights:
    """Translate the weights of the official ``DistillEncoderDecoder``.

    Source of the names: XavierJiezou/KTDA, and ``student_adapter`` from its development history.
    """
    if any(key.startswith(('decode_head.decoder.', 'decode_head.modulation.')) for key in weights):
        raise ValueError(f'{source}: its keys are those of KTDASegmentor already')
    student = rename(weights, _RULES, 'official KTDA', source)
    found = {key.split('.')[0] for key in weights}
    needed = {'backbone', 'decode_head'}
    if not needed <= found or not found & {'fam', 'student_adapter', 'teach_backbone'}:
        raise ValueError(
            f'{source}: expected an official KTDA checkpoint (backbone, fam, teach_backbone, '
            f'decode_head, ...), found {parts(weights)}'
        )
    teacher = {
        key[len(_TEACHER) :]: value for key, value in weights.items() if key.startswith(_TEACHER)
    }
    return OfficialWeights(student, teacher)

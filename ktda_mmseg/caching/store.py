"""Maps on disk: half precision, in memory-mapped shards, found by the pixels they were made of."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ktda_mmseg.utils.files import atomic, write_json

INDEX = 'cache.json'
Shapes = tuple[tuple[int, ...], ...]


def content_key(image: np.ndarray) -> str:
    """Identify an image, or a view of it, by its pixels."""
    digest = hashlib.blake2b(f'{image.shape} {image.dtype}'.encode(), digest_size=16)
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


class Shard:
    """A part of a cache: ``NAME.npy`` holds all maps end to end, ``NAME.json`` finds them."""

    def __init__(self, path: Path) -> None:
        index = json.loads(path.with_suffix('.json').read_text())
        self.shapes: dict[str, Shapes] = {
            key: tuple(map(tuple, shapes)) for key, (_, shapes) in index.items()
        }
        self._starts = {key: start for key, (start, _) in index.items()}
        expected = sum(map(_length, self.shapes.values()))
        try:
            self._values = np.load(path, mmap_mode='r')
        except ValueError as error:  # of a file that ends early
            raise ValueError(f'{path}: expected {expected} values, got none: {error}') from None
        if self._values.shape != (expected,):
            raise ValueError(f'{path}: expected {expected} values, got {self._values.shape}')

    def read(self, key: str) -> np.ndarray:
        """Return the maps of a view end to end, 1-D float16."""
        start = self._starts[key]
        return self._values[start : start + _length(self.shapes[key])]

    @staticmethod
    def write(path: Path, views: Mapping[str, Sequence[np.ndarray]]) -> None:
        """Write a shard so that it is whole or not there; its index comes last."""
        index, start = {}, 0
        for key, levels in views.items():
            shapes = [level.shape for level in levels]
            index[key] = (start, shapes)
            start += _length(shapes)
        flat = [level.astype(np.float16).ravel() for levels in views.values() for level in levels]
        with atomic(path) as partial:
            np.save(partial, np.concatenate(flat))
        write_json(path.with_suffix('.json'), index)


class TeacherCache:
    """A finished cache, open for reading by any number of processes."""

    def __init__(self, folder: Path) -> None:
        index = folder / INDEX
        if not index.is_file():
            raise FileNotFoundError(
                f'{folder}: expected a finished teacher cache, found no {INDEX}; make or finish it '
                'with `ktda cache CONFIG`'
            )
        content = json.loads(index.read_text())
        self.folder = folder
        self.source: str = content['source']
        self._shards: dict[str, Shard] = {}
        for name in content['shards']:
            path = folder / name
            if not path.is_file():
                raise FileNotFoundError(f'{path}: expected a shard of the cache, found none')
            shard = Shard(path)
            self._shards.update(dict.fromkeys(shard.shapes, shard))

    def __len__(self) -> int:
        return len(self._shards)

    def __contains__(self, key: str) -> bool:
        return key in self._shards

    def read(self, key: str) -> tuple[np.ndarray, Shapes] | None:
        """Return the maps of a view end to end with their shapes; None where they are missing."""
        shard = self._shards.get(key)
        return None if shard is None else (shard.read(key), shard.shapes[key])

    @staticmethod
    def finish(folder: Path, source: str, shards: Sequence[str], notes: Mapping[str, Any]) -> None:
        """Declare a cache complete."""
        content = {'source': source, 'shards': list(shards), **notes}
        write_json(folder / INDEX, content, indent=1)


def _length(shapes: Sequence[Sequence[int]]) -> int:
    return sum(int(np.prod(shape)) for shape in shapes)

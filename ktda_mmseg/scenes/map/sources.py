"""Which scenes to map: files, folders, globs, lists, STAC items and collections of them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from ktda_mmseg.raster.names import container, file_of, seen_from, stem_of
from ktda_mmseg.scenes.prepare.listing import flat, raster_files, walk
from ktda_mmseg.utils.extras import needed_for
from ktda_mmseg.utils.files import read_text
from ktda_mmseg.utils.tables import first_few

from .times import KEYS, Time

if TYPE_CHECKING:
    from pystac import Item

LISTS = ('.txt',)
COLLECTIONS = ('.json', '.geojson')
LARGEST_SUMMARY = 2**20  # bytes
LOCAL = re.compile(r'^file:(//(localhost)?(?=/)|//)?', re.IGNORECASE)


class Dated(NamedTuple):
    """A scene, and when it was taken if its STAC item says so."""

    path: Path
    time: Time | None = None


def find_scenes(
    sources: Sequence[str | Path], asset: str | None = None, apart: Sequence[Path] = ()
) -> dict[str, Path]:
    """Find the files of scenes; see :func:`find_dated` for arguments, names and errors."""
    return {name: scene.path for name, scene in find_dated(sources, asset, apart).items()}


def find_dated(
    sources: Sequence[str | Path], asset: str | None = None, apart: Sequence[Path] = ()
) -> dict[str, Dated]:
    """Find scenes and name their maps.

    Args:
        sources (Sequence[str | Path]): Each a raster of any format; GDAL's own name of one, such as
            ``NETCDF:"x.nc":Band1``; a folder with sub-folders, whose other files are told of on
            stderr; a glob such as ``'scenes/**/*.tif'``; a ``.txt`` file with one of these a
            line, seen from its folder; or a STAC item or item collection
            (``.json``, ``.geojson``).
        asset (str | None): Key of the asset of a STAC item that is the scene; None takes the only
            one with the role 'data'. Default: None.
        apart (Sequence[Path]): Sub-folders to pass over. Default: ().

    Returns:
        dict[str, Dated]: Files by name, in the order found; a file given twice counts once. The
        name is the file's stem, with the sub-folders before it, or the item's id.

    Raises:
        FileNotFoundError: If there is nothing where a source points to.
        ImportError: If a STAC item or collection is given and pystac is not installed.
        ValueError: If two files have one name, or a collection is none, or its items have ids that
            cannot name a file or do not say which asset on disk is the scene.
    """
    scenes: dict[str, Dated] = {}
    for source in sources:
        for name, scene in _find(str(source), asset, apart):
            if Path(name).name != name:
                raise ValueError(f'{source}: expected ids that can name a file, found {name!r}')
            other = scenes.setdefault(name, scene)
            if other.path.resolve() != scene.path.resolve():
                raise ValueError(
                    f'expected scenes of different names, as their maps go into one folder, found '
                    f'{other.path} and {scene.path}'
                )
    return scenes


def find_references(source: Path, names: Iterable[str]) -> dict[str, Path]:
    """Find the mask of each scene.

    Args:
        source (Path): The mask of the only scene, or a folder with one of the same stem for each.
        names (Iterable[str]): Names of the scenes.

    Returns:
        dict[str, Path]: Masks by the scenes' names.

    Raises:
        FileNotFoundError: If there is no such file or folder, or a scene has no mask.
        ValueError: If one file is given for several scenes, or two masks have one name.
    """
    names = list(names)
    if file_of(source).is_file():
        if len(names) != 1:
            raise ValueError(f'{source}: expected a folder of masks, one for each of {names}')
        return {names[0]: source}
    masks = {flat(name): path for name, path in raster_files(source).files.items()}
    lacking = [name for name in names if name not in masks]
    if lacking:
        raise FileNotFoundError(f'{source}: expected a mask for each scene, found none: {lacking}')
    return {name: masks[name] for name in names}


def _find(source: str, asset: str | None, apart: Sequence[Path]) -> Iterator[tuple[str, Dated]]:
    path = Path(source)
    if path.is_dir():
        maps = list(_maps_below(path, apart))
        listing = raster_files(path, apart=[*apart, *maps])
        notes = listing.notes()
        if maps:
            notes.append(
                f'{path}: {len(maps)} files left out, of maps made before: {first_few(maps)}'
            )
        for note in notes:
            print(note, file=sys.stderr)
        yield from ((flat(name), Dated(one)) for name, one in listing.files.items())
    elif path.suffix.lower() in LISTS and path.is_file():
        lines = map(str.strip, read_text(path).splitlines())
        for line in filter(None, lines):
            yield from _find(str(seen_from(path.parent, line)), asset, apart)
    elif path.suffix.lower() in COLLECTIONS and path.is_file():
        yield from _items(path, asset)
    elif path.exists() or not has_magic(source):
        if not path.is_file() and container(source) is None:
            raise FileNotFoundError(f'{source}: expected a scene, a folder or a list, found none')
        yield stem_of(path), Dated(path)
    else:
        found = sorted(filter(Path.is_file, map(Path, glob(source, recursive=True))))
        if not found:
            raise FileNotFoundError(f'{source}: expected scenes, found none')
        yield from ((stem_of(one), Dated(one)) for one in found)


def _maps_below(folder: Path, apart: Sequence[Path]) -> Iterator[Path]:
    """List what was made of scenes before, by the summary beside each map."""
    for path in sorted(walk(folder, apart)):
        if path.suffix != '.json' or path.stat().st_size > LARGEST_SUMMARY:
            continue
        with suppress(ValueError):
            content = json.loads(path.read_bytes())
            if isinstance(content, dict) and {'products', 'settings', 'area_unit'} <= set(content):
                yield from (path.with_name(str(name)) for name in content['products'].values())


def _items(path: Path, asset: str | None) -> Iterator[tuple[str, Dated]]:
    with needed_for(f'{path}: reading STAC', extra='stac'):
        from pystac import Item, ItemCollection
        from pystac.errors import STACError, STACTypeError
    try:
        content = json.loads(path.read_bytes())
        single = content.get('type') == 'Feature'
        items = [Item.from_dict(content)] if single else ItemCollection.from_dict(content).items
    except (STACError, STACTypeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f'{path}: expected a STAC item or collection, found: {error}') from None
    for item in items:
        time = {key: item.properties[key] for key in KEYS if item.properties.get(key)}
        yield item.id, Dated(_file_of(item, asset, path), time or None)


def _file_of(item: Item, key: str | None, collection: Path) -> Path:
    where = f'{collection}: item {item.id}'
    data = [name for name, one in item.assets.items() if 'data' in (one.roles or ())]
    keys = [key] if key else data
    if len(keys) != 1 or keys[0] not in item.assets:
        raise ValueError(
            f'{where}: expected one asset to map, name its key (--asset), found {[*item.assets]}'
        )
    href = LOCAL.sub('', item.assets[keys[0]].href)
    if '://' in href:
        raise ValueError(f'{where}: expected a file on disk, found {href}; download it first')
    # some write names as they are, and a name may look encoded
    encoded, plain = collection.parent / unquote(href), collection.parent / href
    return plain if plain.is_file() and not encoded.is_file() else encoded

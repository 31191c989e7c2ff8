"""Products under their final names: whole, of one run, and never in place of what is not theirs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from ktda_mmseg.datasets.preparation.raster_writing import SIDECAR


def require_folder(out: Path) -> None:
    """Make a folder if need be.

    Raises:
        OSError: If nothing can be written there.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise OSError(
            f'{out}: expected a folder that can be written to, found: {error.strerror}'
        ) from None


def is_finished(paths: Mapping[str, Path], settings: Mapping[str, Any], work: Path) -> bool:
    """Tell whether a scene's products are there as they would be made now.

    Args:
        paths (Mapping[str, Path]): The products by kind, 'summary' among them.
        settings (Mapping[str, Any]): What decides them, as JSON holds it; the scene's file is
            ``settings['scene']['path']``.
        work (Path): Folder of unfinished work on the scene, which may have left products.

    Returns:
        bool: Whether nothing is to be done.

    Raises:
        ValueError: If one of the names is taken: by the scene itself, by the map of another one, or
            by what was not made here.
    """
    scene = settings['scene']['path']
    summary = _read(paths['summary'])
    found = summary['settings']['scene']['path'] if summary else scene
    if found != scene:
        raise ValueError(
            f'{paths["summary"]}: expected the map of {scene}, found that of {found}; '
            'name another folder'
        )
    ours = summary.get('products', {}).values()
    for path in paths.values():
        foreign = path.exists() and path.name not in ours and not work.exists()
        if foreign or path.resolve() == Path(scene):
            raise ValueError(
                f'{path}: expected a free name for a product, found a file not made '
                'here; name another folder'
            )
    return summary.get('settings') == settings and all(path.exists() for path in paths.values())


def publish(staged: Path, paths: Mapping[str, Path]) -> None:
    """Move finished products to their names; the summary, which declares them whole, comes last.

    Args:
        staged (Path): Folder that holds them and nothing else, on the same disk.
        paths (Mapping[str, Path]): Where they go, by kind, 'summary' among them; what a former run
            made there, and is not made now, goes.

    Raises:
        OSError: If one cannot be moved.
    """
    summary = paths['summary']
    files = {path.name: path for path in staged.iterdir()}
    for name in _read(summary).get('products', {}).values():
        if name not in files:
            (summary.parent / Path(name).name).unlink(missing_ok=True)
    summary.unlink(missing_ok=True)
    # what stands beside a map is there before it
    for name in sorted(files, key=lambda name: (name == summary.name, not name.endswith(SIDECAR))):
        os.replace(files[name], summary.parent / name)


def _read(summary: Path) -> dict[str, Any]:
    """Return a former run's summary, empty if there is none."""
    if not summary.exists():
        return {}
    try:
        content = json.loads(summary.read_bytes())
        content['settings']['scene']['path'], content['products'].values()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            f'{summary}: expected the summary of a map, found a file not made here; '
            'name another folder'
        ) from None
    return content

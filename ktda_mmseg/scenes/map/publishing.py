"""Products under their final names: whole, of one run, and never in place of what is not theirs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from ktda_mmseg.raster.writing import SIDECAR
from ktda_mmseg.utils.files import json_text, write_json


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


def is_finished(
    scene: Path, paths: Mapping[str, Path], settings: Mapping[str, Any], work: Path
) -> bool:
    """Tell whether a scene's products are there as they would be made now.

    Args:
        scene (Path): The scene.
        paths (Mapping[str, Path]): The products by kind, 'summary' among them.
        settings (Mapping[str, Any]): What decides them, as JSON holds it; what the scene holds is
            ``settings['scene']``, wherever it lies.
        work (Path): Folder of unfinished work on the scene, which may have left products.

    Returns:
        bool: Whether nothing is to be done.

    Raises:
        ValueError: If one of the names is taken: by the scene itself, by the map of another one, or
            by what was not made here.
    """
    begun = work.exists()  # before another process may finish it
    scene = scene.resolve()
    summary = _read(paths['summary'])
    made_with = summary.get('settings', {})
    found = summary.get('path', str(scene))
    if found != str(scene) and made_with['scene'] != settings['scene']:
        raise ValueError(
            f'{paths["summary"]}: expected the map of {scene}, found that of {found}; '
            'name another folder'
        )
    ours = summary.get('products', {}).values()
    for path in paths.values():
        foreign = path.exists() and path.name not in ours and not begun
        if foreign or path.resolve() == scene:
            raise ValueError(
                f'{path}: expected a free name for a product, found a file not made '
                'here; name another folder'
            )
    return made_with == json.loads(json_text(settings)) and all(
        path.exists() for path in paths.values()
    )


def keep(scene: Path, paths: Mapping[str, Path]) -> None:
    """Note where the scene of finished products lies now, if it was moved.

    Args:
        scene (Path): The scene.
        paths (Mapping[str, Path]): The products by kind, 'summary' among them.

    Raises:
        OSError: If it cannot be written.
    """
    content, path = _read(paths['summary']), str(scene.resolve())
    if content.get('path', path) != path:
        write_json(paths['summary'], content | {'path': path}, indent=2, ensure_ascii=False)


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
    try:
        content = json.loads(summary.read_bytes())
        scene = content['settings']['scene']
        content['products'].values()
        # older versions knew scenes by their paths
        content.setdefault('path', scene.get('path'))
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            f'{summary}: expected the summary of a map, found a file not made here; '
            'name another folder'
        ) from None
    return content

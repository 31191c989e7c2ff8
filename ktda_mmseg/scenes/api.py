"""What the command lines of data do, as functions: paths in, results out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.config import Config

from .check.report import write
from .check.running import Checked, check
from .prepare.rasters import prepare
from .prepare.summary import Summary


def prepare_rasters(
    images: str | Path,
    labels: str | Path,
    classes: str | Path,
    out: str | Path,
    **options: Any,  # noqa: ANN401
) -> Summary:
    """Make a training set of images and their labels, as ``ktda prepare rasters`` does.

    Args:
        images (str | Path): Folder of images that GDAL reads, or one of them.
        labels (str | Path): Label rasters of the same names, or polygons.
        classes (str | Path): YAML file that says what labels mean.
        out (str | Path): Folder to create.
        **options (Any): See :func:`ktda_mmseg.scenes.prepare.rasters.prepare`.

    Returns:
        Summary: What was written, what was left out and why; its text tells it.

    Raises:
        ImportError: If what reads the files is not installed.
        OSError: If a file or a folder is missing, or an image has no labels.
        ValueError: If files, labels and options do not fit together.
    """
    return prepare(Path(out), Path(images), Path(labels), Path(classes), **options)


def check_dataset(config: str | Path | Config, out: str | Path | None = None) -> Checked:
    """Look for faults in the data sets of a config, as ``ktda check`` does.

    Args:
        config (str | Path | Config): A config, or its file.
        out (str | Path | None): Folder for the report and the config with statistics; None for
            none. Default: None.

    Returns:
        Checked: Its ``failed`` tells whether there are errors, its ``faults`` what was found.

    Raises:
        ImportError: If what reads the files is not installed.
        OSError: If there is no such config.
        ValueError: If the config has no data set that can be checked.
    """
    if not isinstance(config, Config):
        config = Config.fromfile(config)
    checked = check(config)
    if out is not None:
        write(checked, config, Path(out))
    return checked

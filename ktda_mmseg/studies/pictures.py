"""Predictions of all rows side by side, of images that a rule picks."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from mmengine.registry import DefaultScope
from mmseg.registry import DATASETS
from PIL import Image

from ktda_mmseg.datasets.pictures import read_picture
from ktda_mmseg.raster.colours import colourise

from .cells import Cell, Setting
from .definition import Study
from .summary import Summary

SHOWN = 3
PREDICTIONS = 'predictions'  # folder of label images in a work folder
RULE = (
    'Of the test images, in the order of their mIoU averaged over all rows and seeds, these lie in '
    'the middle. Predictions are those of the first seed.'
)


class Panel(NamedTuple):
    """A column of predictions.

    Attributes:
        title (str): Title of the row.
        folder (Path): Its label images.
    """

    title: str
    folder: Path


def middle_images(rows: Sequence[Summary], number: int = SHOWN) -> list[str]:
    """Pick the images in the middle, by their mIoU averaged over all rows and seeds.

    Args:
        rows (Sequence[Summary]): Rows with results.
        number (int): How many to pick.

    Returns:
        list[str]: Names, from low to high scores.
    """
    results = [result['test']['images'] for row in rows for result in row.results.values()]
    score = {name: np.mean([images[name] for images in results]) for name in results[0]}
    ordered = sorted(score, key=lambda name: (score[name], name))
    start = max(0, (len(ordered) - number) // 2)
    return ordered[start : start + number]


def plot_middle_images(study: Study, rows: Sequence[Summary], path: Path) -> bool:
    """Draw image, ground truth and the predictions of each row, for images that ``RULE`` picks.

    Args:
        study (Study): The study.
        rows (Sequence[Summary]): Rows of a data set with results.
        path (Path): JPEG file to write.

    Returns:
        bool: Whether it was drawn; it is not where the runs or the data are not at hand.
    """
    settings = [Setting(study, row.dataset, row.row) for row in rows]
    panels = [
        Panel(setting.row.title, Cell(setting, study.seeds[0]).folder / PREDICTIONS)
        for setting in settings
    ]
    panels = [panel for panel in panels if panel.folder.is_dir()]
    if not panels:
        return False
    try:
        with DefaultScope.overwrite_default_scope('mmseg'):
            dataset = DATASETS.build(settings[0].config.test_dataloader.dataset)
    except FileNotFoundError:
        return False
    places = {Path(dataset.get_data_info(i)['img_path']).stem: i for i in range(len(dataset))}
    names = middle_images(rows)
    columns = 2 + len(panels)
    figure = Figure(figsize=(2 * columns, 2.1 * len(names) + 0.4), layout='constrained')
    for axes_row, name in zip(
        figure.subplots(len(names), columns, squeeze=False), names, strict=True
    ):
        sample = dataset[places[name]]['data_samples']
        truth = sample.gt_sem_seg.data[0].numpy()
        labels = [truth, *(np.array(Image.open(p.folder / f'{name}.png')) for p in panels)]
        pictures = [read_picture(sample.img_path)]
        pictures += [colourise(label, dataset.metainfo['palette']) for label in labels]
        titles = ['image', 'ground truth', *(panel.title for panel in panels)]
        for axes, picture, title in zip(axes_row, pictures, titles, strict=True):
            axes.imshow(picture)
            axes.set(xticks=[], yticks=[])
            axes.set_title(title, fontsize='x-small', wrap=True)
        axes_row[0].set_ylabel(name, fontsize='small')
    colours = np.array(dataset.metainfo['palette']) / 255
    patches = [
        Patch(color=colour, label=name)
        for colour, name in zip(colours, dataset.metainfo['classes'], strict=True)
    ]
    figure.legend(handles=patches, loc='outside lower center', ncols=len(patches))
    figure.savefig(path, dpi=70, pil_kwargs={'quality': 70})
    return True

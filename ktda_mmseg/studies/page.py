"""A study as one HTML file, with all figures inside."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.registry import DefaultScope
from mmseg.registry import DATASETS
from mmseg.structures import SegDataSample
from PIL import Image

from ktda_mmseg.datasets.loading import IGNORE
from ktda_mmseg.datasets.pictures import read_picture
from ktda_mmseg.utils.figures import encode_figure
from ktda_mmseg.utils.files import write_atomic
from ktda_mmseg.utils.html import render

from .cells import PREDICTIONS, Cell, Setting
from .definition import Study
from .figures import draw_bars, draw_confusion, draw_costs, draw_labels
from .summary import Summary
from .tables import Summaries, answer, describe, tables_of

SHOWN = 3  # images


def page(study: Study, summaries: Summaries, folder: Path) -> str:
    """Write the page as HTML that asks for no other file.

    ``DATASET/pictures.jpg`` is kept in the folder of results, so that the page can be made again
    where neither runs nor data are at hand.
    """
    sections: list[dict[str, Any]] = []
    for dataset, rows in summaries.items():
        run = [row for row in rows.values() if row.results]
        content: dict[str, Any] = dict(figures=None, matrices=[], pictures=None)
        content |= dict(name=dataset, about=describe(study, rows))
        content |= dict(answer=answer(rows), tables=tables_of(rows))
        sections.append(content)
        if run:
            sections[-1] |= dict(
                figures=dict(
                    bars=encode_figure(draw_bars(run)), costs=encode_figure(draw_costs(run))
                ),
                matrices=[
                    (row.row.title, encode_figure(draw_confusion(row.matrix, row.first['classes'])))
                    for row in run
                ],
                pictures=_pictures(study, run, folder / dataset / 'pictures.jpg'),
            )
    template = Path(__file__).with_name('study.html')
    return render(template, title=study.title, about=study.about, sections=sections)


def _pictures(study: Study, rows: Sequence[Summary], path: Path) -> bytes | None:
    """Draw the images in the middle where runs and data are at hand; else take what is kept."""
    settings = [Setting(study, row.dataset, row.row) for row in rows]
    predictions = {
        setting.row.title: Cell(setting, study.seeds[0]).folder / PREDICTIONS
        for setting in settings
    }
    predictions = {title: folder for title, folder in predictions.items() if folder.is_dir()}
    if predictions and (dataset := _test_set(settings[0])):
        images = []
        for sample in islice(labelled(dataset, middle_images(rows)), SHOWN):
            name = Path(sample.img_path).stem
            labels = {'ground truth': sample.gt_sem_seg.data[0].numpy()}
            for title, folder in predictions.items():
                labels[title] = np.array(Image.open(folder / f'{name}.png'))
            images.append((name, read_picture(sample.img_path), labels))
        write_atomic(path, encode_figure(draw_labels(images, dataset.metainfo), 'jpeg'))
    return path.read_bytes() if path.is_file() else None


def _test_set(setting: Setting) -> BaseDataset | None:
    try:
        with DefaultScope.overwrite_default_scope('mmseg'):
            return DATASETS.build(setting.config.test_dataloader.dataset)
    except FileNotFoundError:
        return None


def middle_images(rows: Sequence[Summary]) -> list[int]:
    """Order images by how near the middle is their mIoU, averaged over all rows and seeds."""
    results = [result['test']['images'] for row in rows for result in row.results.values()]
    ordered = np.argsort(np.mean(results, axis=0), kind='stable').tolist()
    middle = (len(ordered) - 1) / 2
    return [ordered[rank] for rank in sorted(range(len(ordered)), key=lambda r: abs(r - middle))]


def labelled(dataset: BaseDataset, indices: Sequence[int]) -> Iterator[SegDataSample]:
    """Yield samples of a data set, those of which most is ignored at the end.

    Images of one name are left out: of their label images, which have no folders, one is there.
    """
    infos = map(dataset.get_data_info, range(len(dataset)))
    names = Counter(Path(info['img_path']).stem for info in infos)
    bare = []
    for index in indices:
        sample = dataset[index]['data_samples']
        if names[Path(sample.img_path).stem] > 1:
            continue
        if (sample.gt_sem_seg.data == IGNORE).float().mean() <= 0.5:
            yield sample
        else:
            bare.append(sample)
    yield from bare

"""The part of a config that tells of a prepared folder, for a user's config to inherit."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, nan
from pathlib import Path
from pprint import pformat
from textwrap import indent

import numpy as np

from ktda_mmseg.utils.files import write_atomic
from ktda_mmseg.utils.input_bands import fitted_model, white_of

from ...raster.files import georeference, open_raster
from ...raster.ground import ground_size
from ..check.statistics import Band
from .label_map import LabelMap
from .splits import SPLITS, UNLABELLED
from .summary import Summary

NAME = 'dataset.py'
CONFIG = """\
_base_ = {bases}
train_dataloader = dict(dataset=_base_.prepared['train'])
val_dataloader = dict(dataset=_base_.prepared['val'])
test_dataloader = dict(dataset=_base_.prepared['test'])
model = dict({model}decode_head=dict(num_classes={count}))
"""
TEXT = """\
# Written by `ktda prepare`. A config inherits it beside a model and a schedule, by paths
# seen from where that config lies:
{config}
{notes}prepared = {{
    split: folder
    and dict(
        type='PairedSegDataset',
        data_root={root!r},
        data_prefix=dict(img_path=f'img_dir/{{folder}}', seg_map_path=f'ann_dir/{{folder}}'),
        img_suffix={suffix!r},
        metainfo=dict(
            classes={classes},
            palette={palette},
        ),
    )
    for split, folder in {folders}.items()
}}
{unlabelled}"""
WITHOUT_LABELS = """\
# images without labels, for a config with a teacher:
# train_dataloader = dict(dataset=dict(_base_.prepared['train'], unlabelled=_base_.unlabelled))
unlabelled = ['img_dir/unlabelled']
"""
PREPARED_MODEL = """\
# what a model has to know of these images: their bands; mean and std of {count} training tiles
prepared_model = {changes}
"""
GROUND_SIZE = """\
# metres that a pixel of training tiles measures on the ground, down and across; by `--gsd trained`
# maps are made of scenes that are resampled to it
ground_size = {size}
"""
QUICKSTART = ['ktda_mmseg::quickstart/dubai.py']
MULTI_BAND = [
    'ktda_mmseg::_base_/models/ktda_small.py',
    'ktda_mmseg::_base_/datasets/raster_tiles.py',
    'ktda_mmseg::_base_/schedules/quickstart.py',
    'ktda_mmseg::_base_/default_runtime.py',
]
# of the first of them, as far as bands matter; others take the same keys
SMALL = {
    'type': 'KTDASegmentor',
    'data_preprocessor': {'bgr_to_rgb': True},
    'backbone': {'type': 'mmpretrain.ConvNeXt'},
    'teacher': {'type': 'EfficientNetLite0'},
}
MEASURED = 256  # tiles at the most, spread over all


def write_fragment(summary: Summary, label_map: LabelMap, suffix: str) -> list[str]:
    """Write ``dataset.py`` into a prepared folder unless it is there.

    Where there is no test split, val is tested. Where there is no val split, nothing takes its
    place: a checkpoint that is chosen on the test split would spoil the test.

    Returns how to go on, for the user.
    """
    path = summary.out / NAME
    folders = {split: split if split in summary.images else None for split in SPLITS}
    notes = []
    if folders['val'] is None:
        notes.append('no val split: training leaves validation out and keeps the last checkpoint')
    if folders['test'] is None:
        folders['test'] = folders['val']
        notes.append(f'no test split: {"tests score val" if folders["val"] else "nothing to test"}')
    multi_band = suffix != '.png'
    config = CONFIG.format(
        bases=[*(MULTI_BAND if multi_band else QUICKSTART), path.as_posix()],
        model='_base_.prepared_model, ' if multi_band else '',
        count=len(label_map.classes),
    )
    text = TEXT.format(
        config=indent(config, '#   ').rstrip(),
        root=summary.out.as_posix(),
        suffix=suffix,
        classes=label_map.classes,
        palette=[list(colour) for colour in label_map.palette],
        folders=folders,
        unlabelled=WITHOUT_LABELS if UNLABELLED in summary.images else '',
        notes=''.join(f'# {note}\n' for note in notes),
    )
    if not path.exists():
        tiles = sorted((summary.out / 'img_dir' / 'train').glob(f'*{suffix}'))
        tiles = tiles[:: ceil(len(tiles) / MEASURED)]
        text += _prepared_model(tiles) if multi_band else ''
        text += _ground_size(tiles)
        write_atomic(path, text.encode())
    return [
        *notes,
        f'next, a config such as mine.py here, which inherits {path}:',
        indent(config, '  ').rstrip(),
        'and then, with it:',
        '  ktda check mine.py',
        '  ktda train mine.py',
    ]


def _ground_size(tiles: Sequence[Path]) -> str:
    """Return the source of the median size of pixels of tiles, nothing if not all tell it."""
    sizes = []
    for tile in tiles:
        with open_raster(tile) as raster:
            size = ground_size(georeference(raster), raster.shape)
        if size is None:
            return ''
        sizes.append(size)
    down, across = (float(f'{side:.4g}') for side in np.median(sizes, axis=0))
    return GROUND_SIZE.format(size=(down, across))


def _prepared_model(measured: Sequence[Path]) -> str:
    """Measure training tiles; return the source of the keys of a model that depend on them."""
    from ...datasets.loading import LoadRasterFromFile  # which reads by modules of this folder

    loading = LoadRasterFromFile(fill=nan)
    bands: dict[int, Band] = {}
    for tile in measured:
        values = loading.transform({'img_path': str(tile)})['img']
        count = values.shape[2]
        for index in range(count):
            found = values[..., index][np.isfinite(values[..., index])]
            if len(found):
                band = Band.of(found)
                bands[index] = bands[index].merge(band) if index in bands else band
    with open_raster(measured[0]) as raster:
        dtype = raster.dtypes[0]
    # as many digits as with_statistics.py has
    known = [bands.get(index) for index in range(count)]
    mean = [float(f'{band.mean:.6g}') if band else 0.0 for band in known]
    std = [float(f'{band.std or 1.0:.6g}') if band else 1.0 for band in known]
    white = None if dtype == 'uint8' else white_of(list(zip(mean, std, strict=True)))
    changes = fitted_model(SMALL, count, mean, std, white)
    return PREPARED_MODEL.format(
        count=len(measured), changes=pformat(changes, width=96, sort_dicts=False)
    )

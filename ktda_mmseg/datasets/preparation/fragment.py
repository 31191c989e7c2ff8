"""The part of a config that tells of a prepared folder, for a user's config to inherit."""

from __future__ import annotations

from ktda_mmseg.fileio import write_atomic

from .label_map import LabelMap
from .summary import Summary

NAME = 'dataset.py'
TEXT = """\
# Written by tools/prepare_dataset.py. A config inherits it beside a model and a schedule, by paths
# seen from where that config lies:
#   _base_ = {bases}
#   train_dataloader = dict(dataset=_base_.prepared['train'])
#   val_dataloader = dict(dataset=_base_.prepared['val'])
#   test_dataloader = dict(dataset=_base_.prepared['test'])
#   model = dict(decode_head=dict(num_classes={count}))
prepared = {{
    split: dict(
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
"""
QUICKSTART = ['configs/quickstart/dubai.py']
# the model needs mean, std and in_channels besides: see configs/quickstart/l8_biome_8band.py
MULTI_BAND = [
    'configs/_base_/models/ktda_small.py',
    'configs/_base_/datasets/raster_tiles.py',
    'configs/_base_/schedules/quickstart.py',
    'configs/_base_/default_runtime.py',
]


def write_fragment(summary: Summary, label_map: LabelMap, suffix: str) -> list[str]:
    """Write ``dataset.py`` into a prepared folder unless it is there.

    A split that is not there borrows another: test that of val, val that of test.

    Args:
        summary (Summary): What the folder holds.
        label_map (LabelMap): Names and colours of the classes.
        suffix (str): Suffix of the images.

    Returns:
        list[str]: How to go on, for the user.
    """
    path = summary.out / NAME
    folders = {split: split for split in summary.images}
    folders.setdefault('test', folders.get('val', 'train'))
    folders.setdefault('val', folders['test'])
    text = TEXT.format(
        bases=[*(QUICKSTART if suffix == '.png' else MULTI_BAND), path.as_posix()],
        count=len(label_map.classes),
        root=summary.out.as_posix(),
        suffix=suffix,
        classes=label_map.classes,
        palette=[list(colour) for colour in label_map.palette],
        folders=folders,
    )
    if not path.exists():
        write_atomic(path, text.encode())
    return [
        f'next, with a config that inherits {path} as its first lines show:',
        '  python tools/check_dataset.py CONFIG',
        '  python tools/train.py CONFIG',
    ]

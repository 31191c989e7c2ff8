"""Any user's images with rasters, polygons or annotations as labels, cut into tiles and split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np

from ktda_mmseg.utils.files import read_text
from ktda_mmseg.utils.workers import HERE, Workers

from ...raster.files import Nodata
from ...raster.imagery import open_image, tell_alpha
from ...raster.stretch import Stretch
from .annotations.formats import READERS, find_format
from .annotations.source import AnnotationLabels, pair_annotated, without_labels
from .fragment import write_fragment
from .jobs import Job
from .label_file import read_label_map
from .layout import staging_of, write_layout
from .listing import raster_files, stamp
from .neighbours import by_numbers, by_pattern
from .pairing import labels_of, list_both
from .parts import Part, blocks, whole_scenes
from .raster_labels import RasterLabels
from .raster_tiles import (
    LabelSource,
    Limits,
    NoLabels,
    image_suffix,
    most_threads,
    tile_jobs,
)
from .scenes import Scene, read_scenes
from .splits import SPLITS, UNLABELLED, by_scene, read_division, shares
from .summary import Summary
from .vector_files import vector_files
from .vector_labels import VectorLabels

YAML = ('.yaml', '.yml')
RUN = ('out', 'workers')  # which do not decide what tiles hold
# which folders of earlier versions do not record
NEW = ('layer', 'where', 'buffer', 'label_format', 'unlabelled')


def prepare(
    out: Path,
    images: Path,
    labels: Path,
    classes: Path,
    class_field: str | None = None,
    image_name: str = '*',
    label_name: str = '*',
    tile: int = 512,
    overlap: int = 0,
    split: str = 'scene',
    val: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
    block: int | None = None,
    guard: int | None = None,
    group: str | None = None,
    bands: Sequence[int] | None = None,
    rgb: Sequence[int] | None = None,
    stretch: str | None = None,
    nodata: Nodata = None,
    layer: str | None = None,
    where: str | None = None,
    buffer: float | None = None,
    label_format: str | None = None,
    unlabelled: Path | None = None,
    workers: Workers = HERE,
) -> Summary:
    """Cut images and labels into tiles, and write a config fragment beside them.

    Args:
        out (Path): Folder to create.
        images (Path): Folder with images that GDAL reads, in sub-folders too, or one such file or
            sub-dataset; all have the same number and type of bands.
        labels (Path): Folder with a label raster at the same place and of the same name for each
            image, or the one label raster of one image; or polygons, in one file or all files of a
            folder and its sub-folders; or what an annotation tool wrote, file or folder.
        classes (Path): YAML file as :class:`.label_map.LabelMap` describes it.
        class_field (str | None): The polygons' field that holds the labels; None for others.
        image_name (str): What names of images look like, as :func:`.listing.raster_files` takes
            it: with '*_image', 'x_image.png' is x. Default: '*'.
        label_name (str): The same of label rasters. Default: '*'.
        tile (int): Side of a tile in pixels. Default: 512.
        overlap (int): What neighbouring tiles share at least, in pixels. Default: 0.
        split (str): 'scene' (scenes that overlap or nearly so stay together), 'block' (blocks of
            the scenes), or a YAML file with lists of scenes as train, val and test; others are
            left out. Default: 'scene'.
        val (float): Share of the validation split, of the pixels, from 0. Default: 0.15.
        test (float): Share of the test split. Default: 0.15.
        seed (int): Another seed gives another draw. Default: 0.
        block (int | None): Side of a block in pixels; None for four tiles. Default: None.
        guard (int | None): Distance in pixels between different splits; 0 lets them touch. None
            for one tile. Default: None.
        group (str | None): Regular expression that finds in the name of an image what it has in
            common with its neighbours, for 'scene'; None guesses it by running numbers where images
            carry no georeference. Default: None.
        bands (Sequence[int] | None): Bands to keep, counted from 1, in this order; None for all
            but an alpha band. Default: None.
        rgb (Sequence[int] | None): Three bands to write as 8-bit RGB instead. Default: None.
        stretch (str | None): Values that become black and white in ``rgb``, 'LOW,HIGH', or
            percentiles of each scene, 'LOW%,HIGH%'; None for '2%,98%', or as it is if the images
            are of 8 bits. Default: None.
        nodata (float | str | None): Which pixels hold no data: None for what GDAL's dataset mask
            says; a number instead of the files' nodata value; 'any' where a single band holds it.
            Default: None.
        layer (str | None): The layer of the vector files; None for the only one with polygons.
            Default: None.
        where (str | None): Which features of the vector files count, an expression of OGR's SQL
            such as "year = 2024 AND use <> 'road'"; None for all. Default: None.
        buffer (float | None): Metres around lines and points that count as theirs; None where
            these are an error. Default: None.
        label_format (str | None): 'raster' or the tool that wrote the labels, as
            :data:`.annotations.formats.FORMATS` lists them; None to tell by what is there.
            Default: None.
        unlabelled (Path | None): Folder with more images of the same bands, or one such file, that
            have no labels; a teacher explains them. Their tiles are in no split. Default: None.
        workers (Workers): Who does the work. Default: this process.

    Returns:
        Summary: What was written, what was left out and why, and how to go on.

    Raises:
        ImportError: If rasterio, or what reads polygons or compares places, is not installed.
        OSError: If a file or a folder is missing, or an image has no labels.
        ValueError: If an argument is out of range; if a file cannot be read; if labels do not fit
            their image or are not in ``classes``; if there are too few scenes or blocks to split.
    """
    given = {'set': 'rasters', **{k: _recorded(v) for k, v in locals().items() if k not in RUN}}
    settings = {k: value for k, value in given.items() if value is not None or k not in NEW}
    if class_field is None and (layer, where, buffer) != (None, None, None):
        raise ValueError('expected class_field with layer, where or buffer, which are for polygons')
    if class_field is not None and label_format is not None:
        raise ValueError('expected class_field, for polygons, or label_format, got both')
    if buffer is not None and buffer <= 0:
        raise ValueError(f'expected a buffer above 0 metres, got {buffer}')
    if group is not None and split != 'scene':
        raise ValueError(f"expected split 'scene', which group is for, got {split!r}")
    if unlabelled is not None and images.resolve().is_relative_to(unlabelled.resolve()):
        raise ValueError(f'{unlabelled}: expected other images without labels, got {images}')
    label_map = read_label_map(classes)

    made = [out, staging_of(out)]
    apart = [*made, unlabelled] if unlabelled else made
    form = find_format(labels, images, label_format) if class_field is None else 'vector'
    reader = READERS.get(form)
    if reader is not None:
        listed = raster_files(images, image_name, [labels, *apart])
    elif class_field is None:
        listed, found = list_both((images, image_name), (labels, label_name), apart)
    else:
        listed = raster_files(images, image_name, apart)
    limits = _limits(bands, rgb, stretch)
    scenes = read_scenes(listed.files, rgb or bands, nodata)
    if stretch is None and scenes[0].dtype == 'uint8':
        limits = None
    source: LabelSource
    if reader is not None:
        drawn = pair_annotated(reader(labels, label_map), scenes, images)
        files = {str(entry.path): entry.path for entry in drawn.values()}
        notes = [*listed.notes(files.values()), *without_labels(scenes, drawn)]
        scenes = [scene for scene in scenes if scene.name in drawn]
        source = AnnotationLabels(form, drawn, scenes, label_map)
    elif class_field is None:
        files = labels_of(scenes, found, label_name)
        source = RasterLabels(files, scenes, label_map)
        notes = listed.notes(files.values()) + found.notes([scene.path for scene in scenes])
    else:
        files = {str(path): path for path in vector_files(labels)}
        polygons = [*files.values()]
        source = VectorLabels(polygons, class_field, scenes, label_map, layer, where, buffer)
        notes = listed.notes(files.values())
    further = []
    if unlabelled is not None:
        more = raster_files(unlabelled, apart=made)
        further = read_scenes(more.files, rgb or bands, nodata, scenes[0])
        notes += more.notes()
    named = [scene.path for scene in further]
    settings['files'] = stamp([*listed.files.values(), *files.values(), *named])

    guard = tile if guard is None else guard
    if split == 'block':
        side = 4 * tile if block is None else block
        parts = blocks(scenes, shares(val, test), seed, side, guard, tile, overlap)
    elif split == 'scene':
        if group is None:
            groups = by_numbers(scenes, shares(val, test), seed)
            notes += _neighbours_note(scenes, groups)
        else:
            groups = by_pattern(scenes, group)
        splits = by_scene(scenes, shares(val, test), seed, guard, groups)
        parts = whole_scenes(scenes, splits, tile, overlap)
    else:
        splits = read_division(Path(split), [scene.name for scene in scenes], SPLITS)
        settings['split'] = splits
        parts = whole_scenes(scenes, splits, tile, overlap)
    if not any(part.windows for part in parts if part.split == 'train'):
        raise ValueError(f'{images}: expected tiles for train, found none; too many are left out')
    label_map.require_two_classes()

    jobs = tile_jobs(parts, source, limits, tile)
    if further:
        extra = whole_scenes(further, {s.name: UNLABELLED for s in further}, tile, overlap)
        jobs += tile_jobs(extra, NoLabels(), limits, tile)
    suffix = image_suffix(scenes[0], limits)
    threads = most_threads([*scenes, *further], tile)
    summary = write_layout(
        out, jobs, settings, label_map.classes, suffix, workers, threads, source.merge
    )
    summary.notes += notes + _left_out(scenes, parts, jobs, summary) + source.notes()
    summary.hints += write_fragment(summary, label_map, suffix)
    return summary


def _recorded(value: object) -> object:
    """What JSON gives back as it was; of a small file the content counts, not the name."""
    if isinstance(value, Path):
        return read_text(value) if value.suffix in YAML else str(value.resolve())
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _limits(bands: Sequence[int] | None, rgb: Sequence[int] | None, stretch: str | None) -> Limits:
    """Say what becomes black and white in a scene, if values are to become bytes."""
    if bands is not None and rgb is not None:
        raise ValueError(f'expected bands or rgb, not both, got {[*bands]} and {[*rgb]}')
    if rgb is not None and len(rgb) != 3:
        raise ValueError(f'expected three bands as rgb, got {[*rgb]}')
    if stretch is not None and rgb is None:
        raise ValueError(f'expected rgb, which stretch is for, got stretch {stretch!r} alone')
    if rgb is None:
        return None
    return partial(_limits_of, Stretch.parse(stretch or '2%,98%'))


@cache
def _limits_of(stretch: Stretch, scene: Scene) -> np.ndarray:
    """Look for the limits of a scene once a process."""
    return stretch.limits(scene.path, scene.bands, scene.nodata)


def _neighbours_note(scenes: Sequence[Scene], groups: Mapping[str, str]) -> list[str]:
    """Say what was guessed of neighbours among images that do not say where they lie."""
    unplaced = sum(scene.place is None for scene in scenes)
    if not unplaced:
        return []
    where = f'{unplaced} images carry no georeference, so that neighbours are not known'
    if not groups:
        return [f'{where}; if some show the same or adjoining ground, say --group']
    return [
        f'{where}: {len(groups)} with running numbers in their names are kept together in '
        f"{len(set(groups.values()))} groups; say --group REGEX to change that, '.+' for none"
    ]


def _left_out(
    scenes: Sequence[Scene], parts: Sequence[Part], jobs: Sequence[Job], summary: Summary
) -> list[str]:
    """Say what is not there, and why."""
    notes = []
    unlisted = len(scenes) - len({part.scene.name for part in parts})
    if unlisted:
        notes.append(f'{unlisted} scenes left out: the list of splits does not name them')
    near = sum(part.near for part in parts)
    if near:
        notes.append(
            f'{near} tiles left out: too near a block of another split; --guard 0 keeps them'
        )
    empty = sum(len(job.names) for job in jobs) - sum(summary.images.values())
    if empty:
        notes.append(f'{empty} tiles left out: no pixel with both data and a label to count')
    if any(part.scene.alpha for part in parts):
        notes.append('an alpha band served as mask and is not kept; --bands can keep it')
        for scene in (scene for scene in scenes if scene.alpha):
            with open_image(scene.path) as image:
                band = image.doubtful_alpha()
            if band is not None:
                return [*notes, tell_alpha(scene.path, band)]  # the first is enough
    return notes

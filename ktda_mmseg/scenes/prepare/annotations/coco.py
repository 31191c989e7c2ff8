"""Areas of a COCO file: polygons and run lengths, for all images in one JSON file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from ktda_mmseg.utils.extras import needed_for

from ..label_map import Label, LabelMap
from .drawing import (
    Annotated,
    Drawing,
    Shape,
    cut_out,
    files_of,
    meanings,
    outline,
    own_path,
    read_json,
)


def list_coco(source: Path, label_map: LabelMap) -> list[Annotated]:
    """List the images of a COCO file, or of all of a folder; an image may have no annotations.

    Crowds count as any annotation. Labels are names of categories, or their ids where the label map
    lists none of the names. A ValueError if a file is no COCO, or an annotation has no image or no
    category.
    """
    return [one for path in files_of(source, '.json') for one in _list(path, source, label_map)]


def _list(path: Path, source: Path, label_map: LabelMap) -> list[Annotated]:
    content = read_json(path)
    try:
        images = {image['id']: image for image in content['images']}
        names = {kind['id']: str(kind['name']) for kind in content['categories']}
        of_image = defaultdict(list)
        for one in content['annotations']:
            of_image[one['image_id']].append(one)
            for key, known in (('image_id', images), ('category_id', names)):
                if one[key] not in known:
                    raise ValueError(
                        f'{path}: annotation {one.get("id")}: expected {key} to be one of '
                        f'{"images" if known is images else "categories"}, found {one[key]}'
                    )
        files = {key: str(image['file_name']) for key, image in images.items()}
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f'{path}: expected lists of images, categories and annotations with the keys of COCO, '
            f'failed on {error}'
        ) from None
    labels = meanings(names, label_map)
    folder = PurePosixPath(own_path(path, source)).parent
    return [
        Annotated(
            path,
            (str(folder / name), name),
            f'{path}: image {name!r}',
            partial(_draw, path, images[key], of_image[key], labels),
        )
        for key, name in files.items()
    ]


def _draw(
    path: Path,
    image: Mapping[str, Any],
    annotations: Sequence[Mapping[str, Any]],
    labels: Mapping[int, Label],
    size: tuple[int, int],
) -> Drawing:
    size = image.get('height', size[0]), image.get('width', size[1])
    shapes = []
    for one in annotations:
        where = f'{path}: annotation {one.get("id")}'
        label, areas = labels[one['category_id']], one.get('segmentation')
        if isinstance(areas, dict):
            shapes.append(_decoded(label, areas, size, where))
        elif isinstance(areas, list) and areas:
            shapes += [Shape(label, outline(area, where)) for area in areas]
        else:
            raise ValueError(
                f'{where}: expected a segmentation, as polygons or run lengths, found '
                f'{str(areas)[:60]}; a box says of no pixel what it is'
            )
    return Drawing(size, shapes)


def _decoded(label: Label, runs: Mapping[str, Any], size: tuple[int, int], where: str) -> Shape:
    """The pixels that run lengths tell."""
    with needed_for('reading run lengths of COCO', extra='labels'):
        from faster_coco_eval import mask
    if runs.get('size') != [*size]:
        raise ValueError(
            f'{where}: expected run lengths of the size of the image, {[*size]} (height, width), '
            f'found {runs.get("size")}'
        )
    try:
        if isinstance(runs.get('counts'), list):  # of crowds; those of others are text
            runs = mask.frPyObjects(runs, *size)
        pixels = mask.decode(runs).astype(bool)
    except Exception as error:  # of whichever kind the decoder raises
        raise ValueError(f'{where}: expected run lengths of COCO, found: {error}') from None
    return cut_out(label, pixels)

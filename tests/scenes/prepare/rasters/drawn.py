"""The same labels as annotation tools write them."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

features = pytest.importorskip('rasterio.features')
NAMES = ['nothing', 'sea', 'lake', 'wood']  # of the four kinds
SIZE = 50, 70
COLOURS = [(0, 0, 0), (250, 50, 83), (51, 221, 255), (115, 51, 128)]


def traced(kind):
    """Corners of the outlines of all areas with their kinds, larger ones first, without holes."""
    areas = [(s['coordinates'][0][:-1], int(v)) for s, v in features.shapes(kind.astype(np.uint8))]

    def size(corners):
        x, y = np.array(corners).T
        return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))

    return sorted(areas, key=lambda area: -size(area[0]))


def store(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def labelme(folder, kinds, beside='../images'):
    """Files as LabelMe 5 writes them, from a Windows computer; the last area as a mask."""
    for name, kind in kinds.items():
        shapes = [
            dict(label=NAMES[k], points=[*map(list, c)], group_id=None, description='',
                 shape_type='polygon', flags={}, mask=None)
            for c, k in traced(kind)
        ]  # fmt: skip
        corners = np.array(shapes[-1]['points'], int)
        (left, top), (right, bottom) = corners.min(0), corners.max(0)
        file = io.BytesIO()
        inside = kind[top:bottom, left:right] == NAMES.index(shapes[-1]['label'])
        Image.fromarray(inside).save(file, 'PNG')
        shapes[-1] |= dict(
            shape_type='mask',
            points=[[float(left), float(top)], [right - 1.0, bottom - 1.0]],
            mask=base64.b64encode(file.getvalue()).decode(),
        )
        path = f'{beside}/{name}.png'.removeprefix('./').replace('/', '\\')
        content = dict(version='5.5.0', flags={}, shapes=shapes, imagePath=path, imageData=None)
        store(folder / f'{name}.json', content | dict(imageHeight=SIZE[0], imageWidth=SIZE[1]))
    return folder


def coco(folder, kinds, runs=False):
    """A COCO file; areas are polygons, or run lengths, of crowds uncompressed."""
    images, annotations = [], []
    for number, (name, kind) in enumerate(kinds.items(), 100):
        images.append(dict(id=number, file_name=f'set/images/{name}.jpg', height=50, width=70))
        one = dict(image_id=number, iscrowd=int(runs), bbox=[0, 0, 1, 1], area=1)
        for corners, k in traced(kind):
            flat = [x for corner in corners for x in corner]
            annotations.append(one | dict(category_id=10 + k, segmentation=[flat]))
        if runs:  # one annotation a kind and image, as they are where all is seen at once
            annotations[-len(traced(kind)) :] = [
                one | dict(category_id=10 + k, segmentation=counted(kind == k)) for k in range(4)
            ]
    for number, one in enumerate(annotations):
        one['id'] = number
    categories = [dict(id=10 + k, name=name, supercategory='') for k, name in enumerate(NAMES)]
    content = dict(info={}, images=images, annotations=annotations, categories=categories)
    return store(folder / 'instances_default.json', content)


def counted(mask):
    """Run lengths down the columns, of 0 first."""
    flat = mask.T.ravel()
    ends = np.flatnonzero(np.diff(flat)) + 1
    lengths = np.diff([0, *ends, flat.size]).tolist()
    return dict(size=[*mask.shape], counts=[0, *lengths] if flat[0] else lengths)


def coco_crowds(folder, kinds):
    return coco(folder, kinds, runs=True)


def yolo(folder, kinds):
    """Text files as of Ultralytics, in folders of theirs."""
    for name, kind in kinds.items():
        lines = [
            ' '.join([str(k), *(f'{x / 70:.6f} {y / 50:.6f}' for x, y in corners)])
            for corners, k in traced(kind)
        ]
        store(folder / 'labels' / f'{name}.txt', '\n'.join(lines) + '\n\n')
    store(folder / 'train.txt', 'images/a.png\nimages/b.png\n')
    store(folder / 'README.roboflow.txt', 'exported')
    names = ''.join(f'  {number}: {name}\n' for number, name in enumerate(NAMES))
    store(folder / 'data.yaml', f'path: .\ntrain: train.txt\nnames:\n{names}')
    return folder


def cvat(folder, kinds, palette=False):
    """What CVAT exports as "Segmentation mask 1.1"."""
    names = ['background', *NAMES[1:]]
    lines = [f'{n}:{",".join(map(str, c))}::\n' for n, c in zip(names, COLOURS)]
    store(folder / 'labelmap.txt', f'# label:color_rgb:parts:actions\n{"".join(lines)}')
    store(folder / 'ImageSets' / 'Segmentation' / 'default.txt', 'a\nb\n')
    for kind in ('SegmentationClass', 'SegmentationObject'):
        (folder / kind).mkdir()
    for name, kind in kinds.items():
        picture = Image.fromarray(np.array(COLOURS, np.uint8)[kind])
        picture.save(folder / 'SegmentationObject' / f'{name}.png')
        if palette:
            picture = Image.fromarray(kind.astype(np.uint8))
            picture.putpalette(np.array(COLOURS, np.uint8).tobytes())
        picture.save(folder / 'SegmentationClass' / f'{name}.png')
    return folder


def cvat_palette(folder, kinds):
    return cvat(folder, kinds, palette=True)


def label_studio(folder, kinds, brush=False):
    """Label Studio's JSON export of uploaded images, with a prediction that nobody accepted."""
    tasks = []
    for number, (name, kind) in enumerate(kinds.items()):
        size = dict(original_height=SIZE[0], original_width=SIZE[1], image_rotation=0)
        if brush:
            areas = [
                ('brushlabels', k, dict(format='rle', rle=packed((kind == k) * np.uint8(255))))
                for k in range(4)
            ]
        else:
            areas = [
                ('polygonlabels', k, dict(points=[[x / 0.7, y / 0.5] for x, y in c], closed=True))
                for c, k in traced(kind)
            ]
        results = [
            dict(id=str(n), type=form, value=area | {form: [NAMES[k]]}, origin='manual') | size
            for n, (form, k, area) in enumerate(areas)
        ]
        results.append(dict(id='0', type='choices', value=dict(choices=['unsure'])))
        file = f'0f3a{number:04x}-{name}.png'
        tasks.append(
            dict(
                id=number,
                data=dict(image=f'/data/upload/1/{file}', text='a field'),
                file_upload=file,
                annotations=[
                    dict(id=7, was_cancelled=True, result=[], ground_truth=False),
                    dict(id=8, was_cancelled=False, result=results, ground_truth=False),
                ],
                predictions=[dict(result=results[:1])],
            )
        )
    return store(folder / 'project-1-at-2026-01-01-00-00.json', tasks)


def label_studio_brush(folder, kinds):
    return label_studio(folder, kinds, brush=True)


def packed(alpha):
    """The bytes of @thi.ng/rle-pack for a mask of RGBA: runs of 256 values at most."""
    flat = np.repeat(alpha.ravel(), 4)
    bits = f'{flat.size:032b}{7:05b}' + ''.join(f'{kind - 1:04b}' for kind in (3, 4, 8, 16))
    for start in range(0, flat.size, 256):
        part = flat[start : start + 256]
        if (part == part[0]).all():
            bits += f'110{part.size - 1:08b}{part[0]:08b}'
        else:  # values as they are
            bits += f'010{part.size - 1:08b}' + ''.join(f'{value:08b}' for value in part)
    return [int(f'{bits[start : start + 8]:0<8}', 2) for start in range(0, len(bits), 8)]

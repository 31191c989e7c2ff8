"""How a training step grows with images, batch, teacher and depth of modulation, one at a time."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ktda_mmseg.utils.files import write_json

from .figures import plot_scaling
from .machine import described, machine
from .steps import Variant, batch_shape
from .timing import measure

# the ViTs that DINOv2 comes in, as mmpretrain calls them, and their widths
TEACHERS = {'dinov2-small': 384, 'base': 768, 'large': 1024}


class Point(NamedTuple):
    """One setting of one config."""

    axis: str  # what changes: size, batch, teacher or depth
    value: int | str  # what it is: pixels, images, name of the teacher, blocks of modulation
    label: str  # the config
    images: int  # a step
    seconds: float  # median duration of a step
    memory: int  # bytes at the peak, as of a measurement
    flops: int  # floating-point operations of a step


def measure_scaling(
    configs: Sequence[str],
    out: Path,
    batch_size: int,
    side: int,
    sizes: Sequence[int] = (),
    batches: Sequence[int] = (),
    teachers: Sequence[str] = (),
    depths: Sequence[int] = (),
    repeats: int = 3,
) -> list[Point]:
    """Measure configs in turn at each value of each axis; all else stays as the config has it.

    Args:
        configs (Sequence[str]): ``CONFIG[+FLAG...]`` of KTDA models with a ViT as teacher.
        out (Path): JSON file to write after each value, with a PNG beside it. If a value fails,
            such as one that needs too much memory, it holds those before.
        batch_size (int): Images a step where ``batches`` does not say otherwise.
        side (int): Side of the images in pixels where ``sizes`` does not say otherwise.
        sizes (Sequence[int]): Sides of images in pixels.
        batches (Sequence[int]): Images a step.
        teachers (Sequence[str]): Keys of ``TEACHERS``.
        depths (Sequence[int]): Blocks of modulation a level.
        repeats (int): Timed steps of each.

    Returns:
        list[Point]: One a config, axis and value.

    Raises:
        FileNotFoundError: If a config is missing.
        ValueError: If a teacher or a flag is unknown, or a batch or a side less than 1.
    """
    if unknown := set(teachers) - set(TEACHERS):
        raise ValueError(f'expected teachers among {list(TEACHERS)}, got {sorted(unknown)}')
    points: list[Point] = []
    axes: dict[str, Sequence[int | str]] = dict(
        size=sizes, batch=batches, teacher=teachers, depth=depths
    )
    for axis, value in [(axis, value) for axis, values in axes.items() for value in values]:
        print(f'{axis} {value}')
        varied = {'size': side, 'batch': batch_size, axis: value}
        variants = [Variant.parse(text, options(axis, value)) for text in configs]
        images, size = batch_shape(
            variants[0].load(), int(varied['batch']), [int(varied['size'])] * 2
        )
        points += [
            Point(axis, value, m.label, m.images, m.median, m.memory, m.flops)
            for m in measure(variants, 'train', images, size, repeats=repeats)
        ]
        content = dict(machine=machine(), points=[point._asdict() for point in points])
        write_json(out, content, indent=1)
        plot_scaling(points, out.with_suffix('.png'))
    return points


def options(axis: str, value: int | str) -> dict[str, Any]:
    """Return what an axis changes in a config."""
    if axis == 'depth':
        return {'model.decode_head.modulation.depth': value}
    if axis != 'teacher':
        return {}
    width = TEACHERS[str(value)]
    return {
        'model.teacher.arch': value,
        'model.neck.out_channels': width,
        'model.decode_head.in_channels': [width] * 4,
        'model.decode_head.pyramid.in_channels': [width] * 4,
    }


def scaling_section(path: Path) -> str:
    """Return what was measured as a section of Markdown, with its figure."""
    content = json.loads(path.read_text())
    labels = dict.fromkeys(point['label'] for point in content['points'])
    return '\n'.join(
        [
            '\n## How a training step grows\n',
            f'{" and ".join(f"`{label}`" for label in labels)}, one thing changed at a time. '
            f'{described(content)} Measurements: `{path.parent.name}/{path.name}`.\n',
            f'![Seconds an image and memory](performance/scaling/{path.with_suffix(".png").name})',
        ]
    )

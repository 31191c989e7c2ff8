"""How a training step grows with images, batch, teacher and depth of modulation, one at a time."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ktda_mmseg.utils.files import atomic, write_json

from .candidates import Candidate
from .interleave import Measurement, measure
from .steps import batch_shape
from .table import describe, machine

# the ViTs that DINOv2 comes in, as mmpretrain calls them, and their widths
TEACHERS = {'dinov2-small': 384, 'base': 768, 'large': 1024}
LABELS = {
    'size': 'side of the images in pixels',
    'batch': 'images a step',
    'teacher': 'teacher',
    'depth': 'blocks of modulation a level',
}


@dataclass
class Point:
    """One setting of one config.

    Attributes:
        axis (str): What changes: a key of ``LABELS``.
        value (int | str): What it is: pixels, images, blocks or the name of the teacher.
        label (str): The config.
        images (int): Images a step.
        seconds (float): Median duration of a step.
        memory (int): Bytes at the peak, see :class:`Measurement`.
        flops (int): Floating-point operations of a step.
    """

    axis: str
    value: int | str
    label: str
    images: int
    seconds: float
    memory: int
    flops: int

    @classmethod
    def of(cls, axis: str, value: int | str, result: Measurement) -> 'Point':
        """Sum a measurement up."""
        values = result.images, result.median, result.memory, result.flops
        return cls(axis, value, result.label, *values)


@dataclass
class Sweep:
    """What to try; everything else stays as the first config has it.

    Attributes:
        configs (list[str]): ``CONFIG[+FLAG...]`` of KTDA models with a ViT as teacher.
        batch_size (int): Images a step where ``batches`` does not say otherwise.
        side (int): Side of the images in pixels where ``sizes`` does not say otherwise.
        sizes (list[int]): Sides of images in pixels.
        batches (list[int]): Images a step.
        teachers (list[str]): Keys of ``TEACHERS``.
        depths (list[int]): Blocks of modulation a level.
        repeats (int): Timed steps of each.
    """

    configs: list[str]
    batch_size: int
    side: int
    sizes: list[int]
    batches: list[int]
    teachers: list[str]
    depths: list[int]
    repeats: int

    def run(self, path: Path) -> list[Point]:
        """Measure the configs in turn at each value of each axis, and write after each value.

        Args:
            path (Path): JSON file to write, see :func:`write`. If a value fails, such as one that
                needs too much memory, it holds those before.

        Returns:
            list[Point]: One a config, axis and value.

        Raises:
            FileNotFoundError: If a config is missing.
            ValueError: If a teacher or a flag is unknown, or a batch or a side less than 1.
        """
        if unknown := set(self.teachers) - set(TEACHERS):
            raise ValueError(f'expected teachers among {list(TEACHERS)}, got {sorted(unknown)}')
        points: list[Point] = []
        values: list[Sequence[int | str]] = [self.sizes, self.batches, self.teachers, self.depths]
        for axis, tried in zip(LABELS, values, strict=True):
            for value in tried:
                print(f'{axis} {value}')
                points += self._measure(axis, value)
                write(points, path)
        return points

    def _measure(self, axis: str, value: int | str) -> list[Point]:
        side = int(value) if axis == 'size' else self.side
        batch = int(value) if axis == 'batch' else self.batch_size
        candidates = [Candidate.parse(text, options(axis, value)) for text in self.configs]
        shape = batch_shape(candidates[0].load(), batch, (side, side))
        results = measure(candidates, 'train', *shape, repeats=self.repeats)
        return [Point.of(axis, value, result) for result in results]


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


def write(points: Sequence[Point], path: Path) -> None:
    """Write what was measured, and on which machine, as JSON, and draw it beside, as PNG."""
    content = dict(machine=machine(), points=[vars(point) for point in points])
    write_json(path, content, indent=1)
    with atomic(path.with_suffix('.png')) as partial:
        plot(points).savefig(partial, dpi=110)


def scaling_section(path: Path) -> str:
    """Return what :func:`write` wrote as a section of Markdown, with its figure."""
    content = json.loads(path.read_text())
    labels = dict.fromkeys(point['label'] for point in content['points'])
    return '\n'.join(
        [
            '\n## How a training step grows\n',
            f'{" and ".join(f"`{label}`" for label in labels)}, one thing changed at a time. '
            f'{describe(content)} Measurements: `{path.parent.name}/{path.name}`.\n',
            f'![Seconds an image and memory](performance/scaling/{path.with_suffix(".png").name})',
        ]
    )


def plot(points: Sequence[Point]) -> Figure:
    """Draw seconds an image above and memory below, a column an axis, a line a config."""
    axes = [axis for axis in LABELS if any(point.axis == axis for point in points)]
    figure = Figure(figsize=(1 + 3.3 * len(axes), 5.6), layout='constrained')
    panels = figure.subplots(2, len(axes), squeeze=False, sharex='col')
    for (above, below), axis in zip(panels.T, axes, strict=True):
        for label in dict.fromkeys(point.label for point in points):
            line = [point for point in points if (point.axis, point.label) == (axis, label)]
            names = [str(point.value) for point in line]
            above.plot(names, [p.seconds / p.images for p in line], 'o-', label=label)
            below.plot(names, [p.memory / 2**30 for p in line], 'o-')
        below.set(xlabel=LABELS[axis])
        for panel in (above, below):
            panel.grid(alpha=0.3)
            panel.set_ylim(0, 1.1 * panel.dataLim.y1)
    panels[0, 0].set(ylabel='seconds an image', yscale='log')
    panels[0, 0].autoscale(axis='y')
    panels[1, 0].set(ylabel='peak memory, GiB')
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc='outside upper center', ncols=3)
    return figure

"""What all figures share: their layout, how they are written, and legends of classes."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from .files import write_atomic

__all__ = ['Axes', 'Figure', 'draw_legend', 'encode_figure', 'new_figure', 'write_figure']
DPI = 100


def new_figure(width: float, height: float, arranged: bool = True) -> Figure:
    """Return an empty figure that no window shows.

    Args:
        width (float): In inches of 100 pixels.
        height (float): Likewise.
        arranged (bool): Place axes and legends so that they do not overlap. Default: True.

    Returns:
        Figure: The figure.
    """
    return Figure((width, height), DPI, layout='constrained' if arranged else None)


def draw_legend(
    figure: Figure,
    names: Sequence[str],
    colours: Sequence[str],
    **options: Any,  # noqa: ANN401
) -> None:
    """Draw what colours mean.

    Args:
        figure (Figure): Where to.
        names (Sequence[str]): What each colour means.
        colours (Sequence[str]): As matplotlib takes them, such as '#rrggbb'.
        **options (Any): See :meth:`matplotlib.figure.Figure.legend`.
    """
    patches = [
        Patch(facecolor=colour, edgecolor='grey', label=name)
        for name, colour in zip(names, colours, strict=True)
    ]
    figure.legend(handles=patches, **options)


def encode_figure(figure: Figure, kind: str = 'png') -> bytes:
    """Return a figure as a file's content, the same for the same figure.

    Args:
        figure (Figure): The figure.
        kind (str): 'png', or 'jpeg' for a small one. Default: 'png'.

    Returns:
        bytes: The content.
    """
    options: dict[str, Any] = (
        dict(metadata={'Software': None})
        if kind == 'png'
        else dict(dpi=0.7 * DPI, pil_kwargs={'quality': 70})
    )
    stream = BytesIO()
    figure.savefig(stream, format=kind, **options)
    return stream.getvalue()


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all.

    Args:
        figure (Figure): The figure.
        path (Path): File to write.
    """
    write_atomic(path, encode_figure(figure))

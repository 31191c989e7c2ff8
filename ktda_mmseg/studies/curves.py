"""Loss and score curves from the logs of a run."""

import json
from pathlib import Path

from matplotlib.figure import Figure

Curve = dict[int, float]


def read_scalars(work_dir: Path) -> dict[str, Curve]:
    """Read what mmengine's local backend logged, over all parts of a resumed run.

    Args:
        work_dir (Path): Work directory of the run.

    Returns:
        dict[str, dict[int, float]]: Values by iteration, by name. A later part of the run replaces
        the iterations that it repeats.

    Raises:
        FileNotFoundError: If there is no log.
    """
    logs = sorted(work_dir.glob('*/vis_data/scalars.json'))
    if not logs:
        raise FileNotFoundError(f'expected logs */vis_data/scalars.json in {work_dir}, found none')
    curves: dict[str, Curve] = {}
    for log in logs:
        for line in log.read_text().splitlines():
            record = json.loads(line)
            step = record.pop('step', None)
            for name, value in record.items():
                if step is not None and isinstance(value, int | float):
                    curves.setdefault(name, {})[step] = value
    return curves


def plot_curves(curves: dict[str, Curve], path: Path) -> None:
    """Draw the training losses (logarithmic) beside the validation mIoU.

    Args:
        curves (dict): See :func:`read_scalars`.
        path (Path): PNG file to write.
    """
    figure = Figure(figsize=(11, 4), layout='constrained')
    losses, scores = figure.subplots(1, 2)
    for name, curve in sorted(curves.items()):
        if 'loss' in name:
            style = dict(color='black', linewidth=2) if name == 'loss' else dict(linewidth=1)
            losses.plot(*zip(*sorted(curve.items()), strict=True), label=name, **style)
    losses.set(title='Training losses', xlabel='iteration', yscale='log')
    # beside the axes: in them it would hide curves
    figure.legend(loc='outside lower center', fontsize='small', ncols=6)
    if 'mIoU' in curves:
        scores.plot(*zip(*sorted(curves['mIoU'].items()), strict=True), marker='o')
    scores.set(title='Validation mIoU', xlabel='iteration', ylabel='%', ylim=(0, 100))
    for axes in (losses, scores):
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)

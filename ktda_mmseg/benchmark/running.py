"""What `tools/analysis_tools/benchmark.py` does with its arguments."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger

from .candidates import Candidate
from .interleave import Measurement, Mode, measure
from .loader import compare, measure_loader
from .profile import format_shares, plot_shares, profile_step
from .steps import batch_shape, training_step
from .table import format_losses, format_table, write_json


@dataclass
class Plan:
    """What to measure; see the tool's help.

    Attributes:
        mode (str): 'train' or 'infer'.
        configs (list[str]): ``CONFIG[+FLAG...]``; the first is the reference.
        batch_size (int | None): Images a step; None takes the first config's, 1 in inference.
        size (list[int] | None): Height and width in pixels; None takes the first config's.
        repeats (int): Timed steps of each.
        warm_up (int): Untimed steps of each.
        json (Path | None): File for all that was measured.
        title (str): What it shows, for that file.
        dataloader (bool): Whether to measure the data of each config, too.
        profile (Path | None): Folder for traces and a figure.
        cfg_options (dict): Settings to change in every config.
    """

    mode: Mode
    configs: list[str]
    batch_size: int | None
    size: list[int] | None
    repeats: int
    warm_up: int
    json: Path | None
    title: str
    dataloader: bool
    profile: Path | None
    cfg_options: dict[str, Any]


def run(plan: Plan) -> list[Measurement]:
    """Measure, print and write.

    Args:
        plan (Plan): What to measure.

    Returns:
        list[Measurement]: One a config.

    Raises:
        FileNotFoundError: If a config is missing.
        ValueError: If a number is not positive, a flag unknown, or data or a profile are asked for
            in inference.
    """
    if plan.repeats < 1:
        raise ValueError(f'expected repeats of at least 1, got {plan.repeats}')
    if plan.mode == 'infer' and (plan.dataloader or plan.profile):
        raise ValueError('expected mode train with --dataloader or --profile, got infer')
    candidates = [Candidate.parse(text, plan.cfg_options) for text in plan.configs]
    asked = 1 if plan.mode == 'infer' and plan.batch_size is None else plan.batch_size
    batch_size, size = batch_shape(candidates[0].load(), asked, plan.size)
    results = measure(candidates, plan.mode, batch_size, size, plan.warm_up, plan.repeats)
    print(f'\n{format_table(results)}')
    if plan.mode == 'train':
        print(format_losses(results))
    if plan.json:
        write_json(results, plan.json, plan.title)
    if plan.dataloader:
        for candidate, result in zip(candidates, results, strict=True):
            loader = measure_loader(candidate.load(), batch_size * plan.repeats)
            print(f'\n{result.label}: {loader}\n{compare(loader, result)}')
    if plan.profile:
        _profile(candidates, batch_size, size, plan.profile)
    return results


def _profile(
    candidates: list[Candidate], batch_size: int, size: tuple[int, int], folder: Path
) -> None:
    MMLogger.get_current_instance().setLevel('WARNING')
    folder.mkdir(parents=True, exist_ok=True)
    shares = {}
    for candidate in candidates:
        step = training_step(candidate, batch_size, size)
        step.run()
        trace = folder / f'{candidate.label.replace("/", "_")}.json'
        shares[candidate.label] = profile_step(step, trace)
        print(f'{candidate.label}: {format_shares(shares[candidate.label])}')
    plot_shares(shares, folder / 'shares.png')
    print(f'traces and shares.png are in {folder}')

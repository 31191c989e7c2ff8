"""What `tools/analysis_tools/benchmark.py` does with its arguments."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger

from .document import format_losses, format_table, write_measurements
from .figures import plot_shares
from .loader import measure_loader
from .profile import format_shares, profile_step
from .steps import Variant, batch_shape, training_step
from .timing import Mode, measure


def run_benchmark(
    mode: Mode,
    configs: Sequence[str],
    batch_size: int | None,
    size: Sequence[int] | None,
    repeats: int,
    warm_up: int,
    json: Path | None,
    title: str,
    dataloader: bool,
    profile: Path | None,
    cfg_options: dict[str, Any],
) -> None:
    """Measure steps of configs in turn, print and write.

    Args:
        mode (str): 'train' or 'infer'.
        configs (Sequence[str]): ``CONFIG[+FLAG...]``; the first is the reference.
        batch_size (int | None): Images a step; None takes the first config's, 1 in inference.
        size (Sequence[int] | None): Height and width in pixels; None takes the first config's.
        repeats (int): Timed steps of each.
        warm_up (int): Untimed steps of each.
        json (Path | None): File for all that was measured.
        title (str): What it shows, for that file.
        dataloader (bool): Whether to measure the data of each config, too.
        profile (Path | None): Folder for traces and a figure.
        cfg_options (dict): Settings to change in every config.

    Raises:
        FileNotFoundError: If a config is missing.
        ValueError: If a number is not positive, a flag unknown, or data or a profile are asked for
            in inference.
    """
    if repeats < 1:
        raise ValueError(f'expected repeats of at least 1, got {repeats}')
    if mode == 'infer' and (dataloader or profile):
        raise ValueError('expected mode train with --dataloader or --profile, got infer')
    variants = [Variant.parse(text, cfg_options) for text in configs]
    asked = 1 if mode == 'infer' and batch_size is None else batch_size
    images, shape = batch_shape(variants[0].load(), asked, size)
    results = measure(variants, mode, images, shape, warm_up, repeats)
    print(f'\n{format_table(results)}')
    if mode == 'train':
        print(format_losses(results))
    if json:  # now, so that data that cannot be read lose no steps
        write_measurements(results, json, title)
    if dataloader:
        loaders = [measure_loader(variant.load(), images * repeats) for variant in variants]
        for loader, result in zip(loaders, results, strict=True):
            print(f'\n{result.label}: {loader}\n{loader.compared_with(result)}')
        if json:
            write_measurements(results, json, title, loaders)
    if profile:
        _profile(variants, images, shape, profile)


def _profile(
    variants: Sequence[Variant], batch_size: int, size: tuple[int, int], folder: Path
) -> None:
    MMLogger.get_current_instance().setLevel('WARNING')
    shares = {}
    for variant in variants:
        step = training_step(variant, batch_size, size)
        step.run()
        trace = folder / f'{variant.label.replace("/", "_")}.json'
        shares[variant.label] = profile_step(step, trace)
        print(f'{variant.label}: {format_shares(shares[variant.label])}')
    plot_shares(shares, folder / 'shares.png')
    print(f'traces and shares.png are in {folder}')

"""What tools/predict_scene.py does: scenes to maps, scores and a last word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ktda_mmseg.scenes.prepare.label_map import LabelMap

from .evaluation import evaluate
from .scene_inferencer import SceneInferencer


def map_scenes(
    inferencer: SceneInferencer,
    scenes: Mapping[str, Path],
    out: Path,
    masks: Mapping[str, Path],
    classes: LabelMap | None = None,
) -> str | int:
    """Map scenes, score the maps and print what there is.

    Args:
        inferencer (SceneInferencer): Maps them.
        scenes (Mapping[str, Path]): Scenes by name.
        out (Path): Folder of the products.
        masks (Mapping[str, Path]): True labels by the scenes' names, for all of them or for none.
        classes (LabelMap | None): What their values mean, if not the model's labels. Default: None.

    Returns:
        str | int: What to end the program with: 0, or what failed, in one line.
    """
    results = inferencer(scenes, out)
    failed = [result.error for result in results if result.error]
    for result in results:
        if not result.error:
            print(f'{result.files["map"]}{" (was there already)" * result.kept}')
    pairs = [
        (result.files['map'], masks[name])
        for name, result in zip(scenes, results, strict=True)
        if name in masks and not result.error
    ]
    if pairs:
        print(evaluate(pairs, inferencer.predictor.card, classes))
    if not failed:
        return 0
    return f'error: {len(failed)} of {len(results)} scenes failed: {"; ".join(failed)}'

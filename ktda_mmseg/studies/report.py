"""A page that shows what a trained model does on its test set."""

from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import DefaultScope
from mmengine.runner import Runner, load_checkpoint
from mmengine.utils import track_iter_progress
from mmseg.apis import init_model

from ktda_mmseg.checkpoints.temperature import temperature_of
from ktda_mmseg.datasets.pictures import encode_picture, read_picture
from ktda_mmseg.engine.confidence_metric import tell_confidence
from ktda_mmseg.engine.run_config import score_confidence
from ktda_mmseg.raster.colours import BLANK, IGNORED, WRONG, colourise, hex_colour, mark_errors
from ktda_mmseg.utils.figures import encode_figure
from ktda_mmseg.utils.files import write_atomic
from ktda_mmseg.utils.html import render
from ktda_mmseg.utils.scores import class_scores, confusion_matrix

from .figures import draw_confusion, draw_curves
from .logs import read_scalars

SIDE = 512  # of a picture in pixels
ANSWER = {  # what is said first, where the evaluator of the config gives it
    'mIoU': ('mIoU', 'overlap with the true areas, averaged over classes'),
    'aAcc': ('right pixels', 'of those that have a label'),
    'ECE': ('ECE', 'expected calibration error: how far confidence is from accuracy'),
}
MARKS = {
    'wrong': hex_colour(WRONG),
    'right': 'grey',
    'ignored': f'repeating-linear-gradient(135deg, {hex_colour(IGNORED)} 0 3px, '
    f'{hex_colour(BLANK)} 3px 6px)',
}


@torch.no_grad()
def write_report(
    config: Config, checkpoint: str, work_dir: Path, out: Path, num_examples: int = 6
) -> dict[str, float]:
    """Predict the test set and write scores, pictures and curves into one ``index.html``.

    Args:
        config (Config): Config of the run.
        checkpoint (str): Checkpoint file to show.
        work_dir (Path): Where the run left its logs.
        out (Path): Folder to write to.
        num_examples (int): Images to show, evenly spread over the test set.

    Returns:
        dict[str, float]: What the config's test evaluator says, ``mIoU`` among it, in percent, and
        'ECE' where that is ``IoUMetric``.

    Raises:
        FileNotFoundError: If the work directory holds no log.
    """
    curves = read_scalars(work_dir)
    DefaultScope.get_instance('report', scope_name='mmseg')
    model = init_model(config.copy(), device=get_device())
    temperature = temperature_of(load_checkpoint(model, checkpoint, 'cpu'), checkpoint)
    loader = Runner.build_dataloader(config.test_dataloader)
    dataset = loader.dataset
    classes, palette = (dataset.metainfo[key] for key in ('classes', 'palette'))
    config.merge_from_dict(score_confidence(config))
    evaluator = Runner.build_evaluator(None, config.test_evaluator)
    evaluator.dataset_meta = dataset.metainfo
    tell_confidence(evaluator, model, temperature)

    shown = set(np.linspace(0, len(dataset) - 1, min(num_examples, len(dataset))).astype(int))
    matrix = np.zeros((len(classes), len(classes)), dtype=np.int64)
    examples, index = [], 0
    for batch in track_iter_progress((loader, len(loader))):
        outputs = model.test_step(batch)
        evaluator.process(data_samples=outputs, data_batch=batch)
        for sample in outputs:
            truth = sample.gt_sem_seg.data[0].cpu().numpy()
            prediction = sample.pred_sem_seg.data[0].cpu().numpy()
            counts = confusion_matrix(truth, prediction, len(classes), dataset.ignore_index)
            matrix += counts
            if index in shown:
                truth = np.where(truth == dataset.ignore_index, 255, truth)
                pictures = draw_example(read_picture(sample.img_path), truth, prediction, palette)
                examples.append((Path(sample.img_path).stem, share_wrong(counts), pictures))
            index += 1
    metrics = evaluator.evaluate(len(dataset))

    text = render(
        Path(__file__).with_name('report.html'),
        title=f'{Path(checkpoint).name} on {len(dataset)} test images',
        answer=[
            (name, f'{metrics[key]:.2f} %', note)
            for key, (name, note) in ANSWER.items()
            if key in metrics
        ],
        by_class=rows_by_class(matrix, classes),
        colours=dict(zip([*classes, 'ignored'], map(hex_colour, [*palette, IGNORED]), strict=True)),
        marks=MARKS,
        examples=examples,
        confusion=encode_figure(draw_confusion(matrix, classes)),
        curves=encode_figure(draw_curves(curves)),
        scores=[('score', '%'), *((name, f'{value:.2f}') for name, value in metrics.items())],
    )
    write_atomic(out / 'index.html', text.encode())
    return metrics


def draw_example(
    picture: np.ndarray, truth: np.ndarray, prediction: np.ndarray, palette: list
) -> dict[str, bytes]:
    """Draw an image ``(H, W, 3)``, labels ``(H, W)``, 255 or no class where ignored, and errors."""
    ignored = truth >= len(palette)
    wrong = ~ignored & (truth != prediction)
    drawn = {
        'ground truth': colourise(truth, palette),
        'prediction': colourise(prediction, palette),
        'errors': mark_errors(picture, wrong, ignored),
    }
    return {'image': encode_picture(picture, SIDE)} | {
        title: encode_picture(pixels, SIDE, exact=True) for title, pixels in drawn.items()
    }


def share_wrong(matrix: np.ndarray) -> str:
    """Say how many of the pixels that a confusion matrix ``(K, K)`` counts are wrong."""
    total = int(matrix.sum())
    if not total:
        return 'no pixel has a label'
    return f'{1 - np.trace(matrix) / total:.2%} of {total:,} labelled pixels wrong'


def rows_by_class(matrix: np.ndarray, classes: list[str]) -> list[tuple[str, ...]]:
    """List the scores of each class in percent, a dash of none; the first row holds titles."""
    scores = class_scores(matrix)
    shares = matrix.sum(1) / max(matrix.sum(), 1)
    columns = (scores['IoU'], scores['Acc'], shares)
    return [
        ('class', 'IoU, %', 'accuracy, %', 'share of pixels, %'),
        *(
            (name, *('-' if np.isnan(value) else f'{100 * value:.2f}' for value in values))
            for name, *values in zip(classes, *columns, strict=True)
        ),
    ]

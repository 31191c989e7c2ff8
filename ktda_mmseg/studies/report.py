"""A folder of pictures and figures that shows what a trained model does on its test set."""

import html
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.utils import track_iter_progress
from mmseg.apis import init_model

from ..datasets.pictures import read_picture
from ..utils.scores import confusion_matrix
from .curves import plot_curves, read_scalars
from .figures import Example, plot_confusion_matrix, plot_predictions


@torch.no_grad()
def write_report(
    config: Config, checkpoint: str, work_dir: Path, out: Path, num_examples: int = 6
) -> dict[str, float]:
    """Predict the test set and write pictures, curves and an ``index.html``.

    Args:
        config (Config): Config of the run.
        checkpoint (str): Checkpoint file to show.
        work_dir (Path): Where the run left its logs.
        out (Path): Folder to write to.
        num_examples (int): Images to show, evenly spread over the test set.

    Returns:
        dict[str, float]: What the config's test evaluator says, ``mIoU`` among it, in percent.

    Raises:
        FileNotFoundError: If the work directory holds no log.
    """
    curves = read_scalars(work_dir)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    DefaultScope.get_instance('report', scope_name='mmseg')
    model = init_model(config.copy(), checkpoint, device)
    loader = Runner.build_dataloader(config.test_dataloader)
    dataset = loader.dataset
    classes, palette = dataset.metainfo['classes'], dataset.metainfo['palette']
    evaluator = Runner.build_evaluator(None, config.test_evaluator)
    evaluator.dataset_meta = dataset.metainfo

    shown = set(np.linspace(0, len(dataset) - 1, min(num_examples, len(dataset))).astype(int))
    matrix = np.zeros((len(classes), len(classes)), dtype=np.int64)
    examples: list[Example] = []
    index = 0
    for batch in track_iter_progress((loader, len(loader))):
        outputs = model.test_step(batch)
        evaluator.process(data_samples=outputs, data_batch=batch)
        for sample in outputs:
            truth = sample.gt_sem_seg.data[0].cpu().numpy()
            prediction = sample.pred_sem_seg.data[0].cpu().numpy()
            matrix += confusion_matrix(truth, prediction, len(classes), dataset.ignore_index)
            if index in shown:
                name = Path(sample.img_path).stem
                image = read_picture(sample.img_path)
                examples.append(Example(name, image, truth, prediction))
            index += 1
    metrics = evaluator.evaluate(len(dataset))

    out.mkdir(parents=True, exist_ok=True)
    plot_predictions(examples, classes, palette, out / 'predictions.png')
    plot_confusion_matrix(matrix, classes, out / 'confusion_matrix.png')
    plot_curves(curves, out / 'curves.png')
    write_index(metrics, Path(checkpoint).name, len(dataset), out)
    return metrics


def write_index(metrics: dict[str, float], checkpoint: str, num_images: int, out: Path) -> None:
    """Write ``index.html``, which shows the scores and the pictures beside it."""
    rows = ''.join(
        f'<tr><td>{html.escape(name)}</td><td>{value:.2f}</td></tr>'
        for name, value in metrics.items()
    )
    pictures = ''.join(
        f'<h2>{title}</h2><img src="{name}.png" alt="{title}">'
        for name, title in (
            ('predictions', 'Predictions'),
            ('confusion_matrix', 'Confusion matrix'),
            ('curves', 'Curves'),
        )
    )
    (out / 'index.html').write_text(
        '<!doctype html><meta charset="utf-8"><title>KTDA report</title>'
        '<style>body{font-family:sans-serif;margin:2em}img{max-width:100%}td{padding:0 1em}</style>'
        f'<h1>{html.escape(checkpoint)} on {num_images} test images</h1>'
        f'<table>{rows}</table>{pictures}',
        encoding='utf-8',
    )

"""A folder of pictures and figures that shows what a trained model does on its test set."""

from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.utils import track_iter_progress
from mmseg.apis import init_model

from ktda_mmseg.datasets.pictures import read_picture
from ktda_mmseg.utils.figures import write_figure
from ktda_mmseg.utils.files import write_atomic
from ktda_mmseg.utils.html import render
from ktda_mmseg.utils.scores import confusion_matrix

from .figures import draw_confusion, draw_curves, draw_labels
from .logs import read_scalars


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
    DefaultScope.get_instance('report', scope_name='mmseg')
    model = init_model(config.copy(), checkpoint, get_device())
    loader = Runner.build_dataloader(config.test_dataloader)
    dataset = loader.dataset
    classes = dataset.metainfo['classes']
    evaluator = Runner.build_evaluator(None, config.test_evaluator)
    evaluator.dataset_meta = dataset.metainfo

    shown = set(np.linspace(0, len(dataset) - 1, min(num_examples, len(dataset))).astype(int))
    matrix = np.zeros((len(classes), len(classes)), dtype=np.int64)
    examples, index = [], 0
    for batch in track_iter_progress((loader, len(loader))):
        outputs = model.test_step(batch)
        evaluator.process(data_samples=outputs, data_batch=batch)
        for sample in outputs:
            truth = sample.gt_sem_seg.data[0].cpu().numpy()
            prediction = sample.pred_sem_seg.data[0].cpu().numpy()
            matrix += confusion_matrix(truth, prediction, len(classes), dataset.ignore_index)
            if index in shown:
                labels = {'ground truth': truth, 'prediction': prediction}
                name, picture = Path(sample.img_path).stem, read_picture(sample.img_path)
                examples.append((name, picture, labels))
            index += 1
    metrics = evaluator.evaluate(len(dataset))

    write_figure(draw_labels(examples, dataset.metainfo), out / 'predictions.png')
    write_figure(draw_confusion(matrix, classes), out / 'confusion_matrix.png')
    write_figure(draw_curves(curves), out / 'curves.png')
    title = f'{Path(checkpoint).name} on {len(dataset)} test images'
    rows = [('metric', '%'), *((name, f'{value:.2f}') for name, value in metrics.items())]
    text = render(Path(__file__).with_name('report.html'), title=title, rows=rows)
    write_atomic(out / 'index.html', text.encode())
    return metrics

"""How fast a model predicts; mmseg's own script needs 200 images and a checkpoint."""

import time
from itertools import cycle, islice

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.utils import track_iter_progress
from mmseg.apis import init_model
from torch.utils.data import DataLoader

WARM_UP = 5


def measure_speed(config: Config, checkpoint: str | None, images: int) -> list[float]:
    """Time single predictions on the test set, beginning anew where it is shorter.

    Args:
        config (Config): Config of the model and its test set.
        checkpoint (str | None): Weights; the speed is the same without.
        images (int): Number of predictions to time, at least 1; a few more come first, untimed.

    Returns:
        list[float]: Seconds from the preprocessor to the resized labels, one an image.

    Raises:
        ValueError: If ``images`` is below 1.
    """
    if images < 1:
        raise ValueError(f'expected at least 1 image, got {images}')
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    model = init_model(config, checkpoint, device)
    settings = {**config.test_dataloader, 'batch_size': 1, 'num_workers': 0}
    loader: DataLoader = Runner.build_dataloader({**settings, 'persistent_workers': False})
    seconds = []
    batches = list(islice(cycle(loader), images + WARM_UP))
    for batch in track_iter_progress(batches):
        start = time.perf_counter()
        model.test_step(batch)
        if device == 'cuda':
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return seconds[WARM_UP:]

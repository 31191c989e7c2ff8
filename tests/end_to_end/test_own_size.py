"""Val and test see an image of any size as it is, by the windows that the model trained on."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmseg.registry import MODELS
from PIL import Image

from ktda_mmseg.checkpoints.deploy import without_weights

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'quickstart'


def write(folder, sizes):
    """Write smooth images, and masks without meaning."""
    rng = np.random.default_rng(0)
    for height, width in sizes:
        colours = rng.integers(0, 256, (height // 40, width // 40, 3), np.uint8)
        image = Image.fromarray(colours).resize((width, height), Image.Resampling.BICUBIC)
        mask = Image.fromarray(np.zeros((height, width), np.uint8))
        for kind, array in (('img_dir', image), ('ann_dir', mask)):
            (folder / kind / 'test').mkdir(parents=True, exist_ok=True)
            array.save(folder / kind / 'test' / f'{height}.png')


def load(name, folder):
    """The untaught model of a config, away from its initial weights, and its test loader."""
    config = Config.fromfile(CONFIGS / name)
    config.model = without_weights(config.model)
    for part in ('teacher', 'transfer_losses'):
        config.model.pop(part)
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            noise = torch.randn_like(value) * 0.03
            value.add_(noise.abs() if name.endswith('running_var') else noise)
    loader = config.test_dataloader
    loader.update(num_workers=0)
    loader.dataset.data_root = str(folder)
    return model.eval(), config.model, Runner.build_dataloader(loader)


def logits_by_windows(model, preprocessor, path, window):
    """What each window of the file gives alone, averaged where windows share pixels."""
    pixels = np.asarray(Image.open(path)).transpose(2, 0, 1).astype(np.float32)
    mean, std = (np.array(preprocessor[k], np.float32)[:, None, None] for k in ('mean', 'std'))
    image = torch.from_numpy((pixels - mean) / std)[None]
    height, width = image.shape[2:]
    window = window or max(height, width)
    total, times = 0, torch.zeros(height, width)
    for top, left in product(
        *({min(start, max(side - window, 0)) for start in range(0, side, window)}
          for side in (height, width))
    ):  # fmt: skip
        part = np.s_[..., top : top + window, left : left + window]
        with torch.no_grad():
            logits = model.encode_decode(image[part], [dict(img_shape=image[part].shape[2:])])
        if isinstance(total, int):
            total = torch.zeros(1, logits.shape[1], height, width)
        total[part] += logits
        times[part] += 1
    return (total / times)[0]


@pytest.mark.parametrize(
    ('name', 'window', 'sizes'),
    [
        ('dubai.py', 128, [(300, 300), (512, 512), (966, 1296)]),
        ('l8_biome_sample.py', None, [(300, 300), (257, 331)]),
    ],
    ids=['by windows', 'whole'],
)
def test_labels_are_those_of_the_image_at_its_own_size(name, window, sizes, tmp_path):
    write(tmp_path, sizes)
    model, config, loader = load(name, tmp_path)
    seen = []
    for batch in loader:
        with torch.no_grad():
            (result,) = model.test_step(batch)
        found = result.pred_sem_seg.data[0]
        logits = logits_by_windows(model, config.data_preprocessor, result.img_path, window)
        assert found.shape == result.gt_sem_seg.shape[-2:] == logits.shape[1:]
        second, first = logits.topk(2, dim=0).values.flip(0)
        clear = first - second > 1e-3  # sums in another order may turn what is nearly even
        assert clear.float().mean() > 0.9
        assert torch.equal(found[clear], logits.argmax(0)[clear])
        assert len(found.unique()) > 1
        seen.append(tuple(found.shape))
    assert sorted(seen) == sorted(sizes)

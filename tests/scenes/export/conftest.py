"""A tiny model as training leaves it, with an opinion of what it sees."""

import shutil

import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS

import ktda_mmseg
from ktda_mmseg.scenes.export.exporting import Exporter


@pytest.fixture
def train(tiny_model, tmp_path):
    """Return a function that saves a small model in the official order, with pooled keys."""

    def train(loading=None, head=None, classes=5, ground_size=None, **changes):
        tiny_model.decode_head.decoder.update(head or {})
        tiny_model.decode_head.num_classes = classes
        tiny_model.decode_head.modulation.update(depth=1, pool=[3, 1, 1, 1])
        tiny_model.backbone.arch.depths = [1, 1, 1, 1]
        tiny_model.update(changes)
        tiny_model.pop('teacher')
        tiny_model.pop('transfer_losses')
        model = MODELS.build(tiny_model)
        for value in model.parameters():
            value.data += torch.randn_like(value) * 0.05
        # the probabilities of an untrained model are all alike, and would agree whatever it does
        model.decode_head.decoder.conv_seg.weight.data *= 40
        meta = dict(classes=tuple('abcde')[:classes], palette=[[i, 0, 0] for i in range(classes)])
        torch.save(
            {'state_dict': model.state_dict(), 'meta': {'dataset_meta': meta}}, tmp_path / 'a.pth'
        )
        content = dict(
            model=tiny_model,
            test_pipeline=[loading or dict(type='LoadImageFromFile')],
            ground_size=ground_size,
            custom_imports=dict(imports=[ktda_mmseg.__name__], allow_failed_imports=False),
        )
        Config(content).dump(tmp_path / 'model.py')
        return tmp_path / 'model.py', tmp_path / 'a.pth'

    return train


@pytest.fixture
def exporter(train, tmp_path):
    """Return a function that makes an exporter of such a model into the folder 'out'."""

    def exporter(preprocess=True, output='probabilities', model=None, **options):
        return Exporter(*train(**model or {}), tmp_path / 'out', preprocess, output, **options)

    return exporter


@pytest.fixture(scope='session')
def kept(tmp_path_factory):
    """Folder of a model that was exported for all tests."""
    return tmp_path_factory.mktemp('kept')


@pytest.fixture
def model(exporter, kept, tmp_path):
    """An ONNX file that takes stored values and gives probabilities, and its card."""
    pytest.importorskip('onnxruntime')
    if not any(kept.iterdir()):
        shutil.copytree(exporter().export('onnx').parent, kept, dirs_exist_ok=True)
    shutil.copytree(kept, tmp_path / 'model')
    return tmp_path / 'model' / 'model.onnx'

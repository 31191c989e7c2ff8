"""What `--compile` compiles is a single graph, on the GPU, in training and in evaluation."""

from types import SimpleNamespace

import pytest
import torch
from mmseg.registry import MODELS

from ktda_mmseg.utils.compiling import compile_parts

from .conftest import batch, learn
from .test_paths import SIZE, timm_vit


@pytest.fixture
def graphs(monkeypatch):
    """Graphs that dynamo made; it raises where it would have to break one."""
    found, compiled = [], torch.compile

    def keep(graph, inputs):
        found.append(graph)
        return graph.forward

    def whole(call, **options):
        return compiled(call, **{**options, 'backend': keep, 'fullgraph': True})

    torch._dynamo.reset()
    monkeypatch.setattr(torch, 'compile', whole)
    return found


@pytest.mark.parametrize('precision', [None, 'bf16'])
def test_parts_are_whole_graphs(precision, graphs, cuda, tiny_model):
    tiny_model.decode_head.modulation.update(pool=[1, 2, 1, 1])
    model = MODELS.build(tiny_model)
    with cuda:
        model.to('cuda')
        compile_parts(model)
        del graphs[:]  # the trial
        learn(model, batch(model, SIZE), precision)
    head = model.decode_head
    parts = [model.backbone, model.teacher.backbone, head.pyramid, head.modulation]
    assert all(part._compiled_call_impl for part in parts)
    assert len(graphs) == len(parts)


@pytest.mark.parametrize(
    'student',
    [
        dict(type='TimmBackbone', model_name='convnext_atto', drop_path_rate=0.1),
        timm_vit(num_heads=2, embed_dim=32, drop_path_rate=0.1),
        dict(
            type='mmpretrain.VisionTransformer',
            arch=dict(embed_dims=32, num_layers=4, num_heads=4, feedforward_channels=64),
            img_size=64,
            drop_path_rate=0.1,
            out_type='featmap',
            out_indices=[0, 1, 2, 3],
        ),
        dict(type='EfficientNetLite0', pretrained=False),
        dict(type='Galileo', width=32, num_heads=2),
        dict(type='mmseg.ResNetV1c', depth=18),
    ],
    ids=lambda part: part.get('model_name', part['type']),
)
def test_a_student_of_each_kind_is_a_whole_graph(student, graphs, cuda):
    network = MODELS.build(student)
    with cuda:
        network.to('cuda').train()
        compile_parts(SimpleNamespace(backbone=network, decode_head=None))
        del graphs[:]  # the trial
        network(torch.zeros(2, 3, *SIZE, device='cuda'))
        network.eval()
        with torch.no_grad():
            network(torch.zeros(2, 3, *SIZE, device='cuda'))
    assert len(graphs) == 2

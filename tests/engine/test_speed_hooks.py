"""Compiled parts and another memory format compute what was computed before."""

import shutil
from copy import deepcopy
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from ktda_mmseg.engine import ChannelsLastHook, CompileHook
from ktda_mmseg.utils import compiling


def step(model, optimizer, image):
    optimizer.zero_grad()
    model(image).square().mean().backward()
    optimizer.step()


def test_a_resumed_run_goes_on_as_it_would_have():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.GELU(), nn.Conv2d(8, 4, 3), nn.Flatten())
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, fused=True)
    images = torch.randn(4, 2, 3, 8, 8)
    step(model, optimizer, images[0])
    resumed, averages = deepcopy(model), deepcopy(optimizer.state_dict())
    again = torch.optim.AdamW(resumed.parameters(), lr=0.01, fused=True)
    again.load_state_dict(averages)
    wrapper = SimpleNamespace(optimizer=again)
    ChannelsLastHook().before_train(SimpleNamespace(model=resumed, optim_wrapper=wrapper))
    laid_out = [resumed[0].weight, resumed[2].weight, again.state[resumed[2].weight]['exp_avg']]
    assert all(value.is_contiguous(memory_format=torch.channels_last) for value in laid_out)
    for image in images:
        step(model, optimizer, image)
        step(resumed, again, image)
    torch.testing.assert_close(resumed.state_dict(), model.state_dict())


def small_model():
    student = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.GELU())
    head = torch.nn.Module()
    head.modulation = torch.nn.Linear(6, 6)
    return SimpleNamespace(backbone=student, decode_head=head, teacher=None)


def is_compiled(module):
    return module._compiled_call_impl is not None


@pytest.mark.skipif(shutil.which('g++') is None, reason='torch.compile on a CPU needs g++')
def test_compiled_parts_keep_their_results_and_keys():
    model = small_model()
    image, keys = torch.randn(2, 3, 8, 8), list(model.backbone.state_dict())
    expected = model.backbone(image)
    CompileHook().before_train(SimpleNamespace(model=model))
    assert is_compiled(model.backbone) and is_compiled(model.decode_head.modulation)
    torch.testing.assert_close(model.backbone(image), expected)
    assert list(model.backbone.state_dict()) == keys


@pytest.mark.skipif(shutil.which('g++') is None, reason='torch.compile on a CPU needs g++')
def test_each_of_several_teachers_is_compiled():
    model = small_model()
    members = [SimpleNamespace(backbone=torch.nn.Conv2d(3, 4, 3)) for _ in range(2)]
    together = torch.nn.ModuleList(member.backbone for member in members)
    model.teacher = SimpleNamespace(members=members, backbone=together)
    compiling.compile_parts(model)
    assert all(is_compiled(member.backbone) for member in members) and not is_compiled(together)


def test_without_a_compiler_it_says_so_and_goes_on(monkeypatch):
    def fail(*_, **__):
        raise RuntimeError('no compiler\nand much more')

    said = []
    monkeypatch.setattr(torch, 'compile', fail)
    monkeypatch.setattr(compiling, 'print_log', lambda message, **_: said.append(message))
    model = small_model()
    compiling.compile_parts(model)
    assert not is_compiled(model.backbone)
    assert [line.partition(', ')[2] for line in said] == ['going on without: no compiler']

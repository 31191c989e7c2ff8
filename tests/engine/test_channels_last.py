"""Another memory format changes no weight, in a run that began with the usual one, too."""

from copy import deepcopy
from types import SimpleNamespace

import torch
from torch import nn

from ktda_mmseg.engine import ChannelsLastHook


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

"""Memory is counted as PyTorch's allocator reports it, without running the step."""

from itertools import accumulate
from pathlib import Path

import pytest
import torch
from torch._C._profiler import _EventType
from torch.profiler import ProfilerActivity, profile

from ktda_mmseg.benchmark.memory import (
    HeldMemory,
    StepMemory,
    count_memory,
    format_memory,
    memory_section,
    write_memory,
)
from ktda_mmseg.benchmark.steps import Variant, training_step

QUICKSTART = str(Path(__file__).resolve().parents[2] / 'configs' / 'quickstart' / 'synthetic.py')


def allocated(step):
    """Bytes at the peak of a step beyond what is held before it, as the allocator reports them.

    Without what an operation takes and frees within itself, which differs from processor to
    processor: up to 40 % of the whole.
    """
    step.run()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step.run()
    roots = profiler.profiler.kineto_results.experimental_event_tree()
    nodes, events = [(node, None) for node in roots], []
    while nodes:
        node, operation = nodes.pop()
        if node.tag == _EventType.Allocation:
            fields = node.extra_fields
            events.append((node.start_time_ns, fields.ptr, fields.alloc_size, operation))
        elif operation is None and node.name.startswith('aten::'):
            operation = node.id
        nodes += [(child, operation) for child in node.children]
    taken, sizes = {}, []
    for _, address, size, operation in sorted(events, key=lambda event: event[0]):
        sizes.append(size)
        index, by = taken.pop(address, (0, None)) if size < 0 else (0, None)
        if size > 0:
            taken[address] = len(sizes) - 1, operation
        elif by is not None and by == operation:
            sizes[index] = sizes[-1] = 0
    return max(accumulate(sizes))


@pytest.mark.skipif(torch.cuda.is_available(), reason="compares with the CPU's allocator")
@pytest.mark.parametrize('flags', ['', '+bf16', '+alone'])
def test_the_peak_is_what_the_allocator_reports(flags):
    variant = Variant.parse(QUICKSTART + flags, {})
    found = count_memory(variant, 2, (64, 96))
    expected = allocated(training_step(variant, 2, (64, 96)))
    assert found.peak - found.between == pytest.approx(expected, rel=0.03)


def test_weights_and_states_are_held_between_steps():
    variant = Variant.parse(QUICKSTART, {})
    found = count_memory(variant, 2, (64, 64))
    model = training_step(variant, 2, (64, 64)).model
    trained = sum(p.nbytes for p in model.parameters())
    teacher = sum(p.nbytes for p in model.teacher.backbone.parameters())
    assert found.weights == pytest.approx(trained + teacher, rel=0.01)
    # AdamW holds two states a weight; gradients are freed after the step
    assert found.between == pytest.approx(3 * trained + teacher, rel=0.01)


def test_a_tensor_counts_once_and_as_long_as_it_lives():
    with HeldMemory() as held:
        tensor = torch.zeros(1000)
        view = tensor.view(10, 100)
        assert held.now == 4000
        del tensor
        assert held.now == 4000
        del view
    assert (held.now, held.peak) == (0, 4000)


def test_flags_that_cannot_be_counted_are_named():
    with pytest.raises(ValueError, match=r"synthetic\+compile: .*'bf16'\], got \['compile'\]"):
        count_memory(Variant.parse(f'{QUICKSTART}+compile', {}))


def test_counts_as_text(tmp_path):
    found = StepMemory('grass', (256, 512), 2, 2**30, 2**31, 3 * 2**30)
    assert format_memory([found])[1] == (
        'grass', '2 of 512x256', '1.00 GiB', '2.00 GiB', '3.00 GiB',
    )  # fmt: skip
    write_memory([found], tmp_path / 'memory' / 'x.json')
    text = memory_section(tmp_path / 'memory' / 'x.json')
    assert '| grass | 2 of 512x256 | 1.00 GiB | 2.00 GiB | 3.00 GiB |' in text
    assert f'torch {torch.__version__}' in text and '`memory/x.json`' in text

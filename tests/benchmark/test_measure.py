"""Candidates are measured in turn, and what is counted agrees with counting by hand."""

import json
from pathlib import Path

import pytest
import torch

from ktda_mmseg.benchmark.document import (
    format_table,
    loss_differences,
    speed_up,
    write_measurements,
)
from ktda_mmseg.benchmark.flops import count_forward, count_step
from ktda_mmseg.benchmark.steps import (
    Variant,
    batch_shape,
    build_model,
    inference_step,
    training_step,
)
from ktda_mmseg.benchmark.timing import Measurement, measure
from ktda_mmseg.checkpoints.deploy import deploy_config
from ktda_mmseg.checkpoints.presence import missing_weights

QUICKSTART = str(Path(__file__).resolve().parents[2] / 'configs' / 'quickstart' / 'synthetic.py')
# everything that is random in a step off, so that variants can be compared
FIXED = {
    'model.decode_head.decoder.dropout_ratio': 0,
    'model.decode_head.auxiliary.dropout_ratio': 0,
    'model.decode_head.decoder.pool_scales': (1, 2),
}


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (f'{QUICKSTART}+fast', r'\+bf16 or \+fp16'),
        (f'{QUICKSTART}+bf16+fp16', r'\+bf16 or \+fp16'),
        (f'{QUICKSTART}+cached+alone', r'\+cached or \+alone'),
    ],
)
def test_unknown_flags_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        Variant.parse(text, {})


def test_a_missing_config_is_named():
    with pytest.raises(FileNotFoundError, match=r'none\.py: expected a config file'):
        Variant.parse('none.py+bf16', {})


def test_files_of_weights_are_not_looked_for():
    config = str(Path(__file__).resolve().parents[2] / 'configs' / 'ktda' / 'taught.py')
    model = Variant.parse(config, {}).load().model
    assert not list(missing_weights({'model': model}, 'model'))


def test_the_size_is_that_of_training():
    config = Variant.parse(QUICKSTART, {}).load()
    assert batch_shape(config, None, None) == (8, (128, 128))
    assert batch_shape(config, 2, [64, 96]) == (2, (64, 96))


def test_the_operations_of_a_pass_are_those_counted_by_hand():
    step = inference_step(Variant.parse(QUICKSTART, FIXED), 2, (64, 64))
    forward = count_forward(step.model, step.batch)
    # two images, 64 pixels at stride 4, 8, 16, 32, to the teacher's widths on a grid of 8 x 8
    grids, widths = [8 * 8, 8 * 8, 4 * 4, 2 * 2], [(24, 24), (48, 40), (96, 112), (192, 320)]
    by_hand = sum(2 * 2 * cells * a * b for cells, (a, b) in zip(grids, widths, strict=True))
    assert forward['alignment'] == by_hand
    assert set(forward) == {'student', 'alignment', 'pyramid', 'modulation', 'decoder'}
    assert count_step(step.run) == sum(forward.values())


def test_heads_that_only_predict_are_counted():
    """The forward pass of Mask2Former's head takes samples beside features."""
    step = inference_step(Variant.parse(QUICKSTART, FIXED), 2, (64, 64))
    expected = count_forward(step.model, step.batch)
    head = step.model.decode_head
    forward = head.forward
    head.forward = lambda features, samples: forward(features)
    head.predict = lambda features, metas, _: head.decoder.predict_by_feat(
        head(features, metas), metas
    )
    assert count_forward(step.model, step.batch) == expected


def test_the_deployed_model_costs_what_the_student_costs():
    variant = Variant.parse(QUICKSTART, FIXED)
    deployed = deploy_config(variant.load(), drop_auxiliary=True)
    plain = build_model(deployed)
    assert type(plain).__name__ == 'EncoderDecoder' and not hasattr(plain, 'teacher')
    training = training_step(variant, 2, (64, 64))
    with_teacher = count_forward(training.model, training.batch)
    assert with_teacher.pop('teacher') > 0
    assert count_forward(plain.eval(), training.batch) == with_teacher


@pytest.mark.parametrize('groups', [1, 4])
def test_a_convolution_costs_twice_as_much_backward(groups):
    convolution = torch.nn.Conv2d(8, 16, 3, padding=1, groups=groups)
    image = torch.randn(2, 8, 6, 6, requires_grad=True)
    forward = 2 * (2 * 6 * 6) * 16 * (8 // groups) * 9
    assert count_step(lambda: convolution(image)) == forward
    assert count_step(lambda: convolution(image).sum().backward()) == 3 * forward


def test_a_training_step_counts_the_teacher_once_and_the_student_about_three_times():
    step = training_step(Variant.parse(QUICKSTART, FIXED), 2, (64, 64))
    before = [p.detach().clone() for p in step.model.parameters()]
    forward, total = count_forward(step.model, step.batch), count_step(step.run)
    teacher = forward.pop('teacher')
    # the first convolution needs no gradient of its input; the auxiliary decoder comes on top
    assert 2.7 < (total - teacher) / sum(forward.values()) < 3.3
    assert any(not torch.equal(a, b) for a, b in zip(before, step.model.parameters(), strict=True))


def test_a_cached_teacher_costs_no_operation_and_changes_the_losses_by_rounding_only():
    plain, cached, alone = (
        training_step(Variant.parse(QUICKSTART + flags, FIXED), 2, (64, 64))
        for flags in ('', '+cached', '+alone')
    )
    teacher = count_forward(plain.model, plain.batch)['teacher']
    assert 'teacher' not in count_forward(cached.model, cached.batch)
    assert alone.model.teacher is None
    operations = [count_step(step.run) for step in (plain, cached, alone)]
    assert operations[0] - operations[1] == teacher
    losses = plain.run(), cached.run()
    assert losses[0] == pytest.approx(losses[1], rel=1e-2)
    assert 'transfer.loss_kl' in losses[1] and 'transfer.loss_kl' not in alone.run()


def test_another_memory_format_costs_the_same_operations_and_changes_no_loss():
    plain, laid_out = (
        training_step(Variant.parse(QUICKSTART + flags, FIXED), 2, (64, 64))
        for flags in ('', '+channels_last')
    )
    weights = [p for p in laid_out.model.parameters() if p.dim() == 4]
    assert all(p.is_contiguous(memory_format=torch.channels_last) for p in weights)
    assert count_step(plain.run) == count_step(laid_out.run)
    assert plain.run() == pytest.approx(laid_out.run(), rel=1e-4)


def test_variants_in_turn(forks, tmp_path):
    variants = [Variant.parse(QUICKSTART + flags, FIXED) for flags in ('', '', '+bf16')]
    results = measure(variants, 'train', 2, (64, 64), warm_up=1, repeats=2)
    assert [result.label for result in results] == [
        'quickstart/synthetic',
        'quickstart/synthetic',
        'quickstart/synthetic+bf16',
    ]
    assert all(len(result.seconds) == 2 and result.memory > 0 for result in results)
    (_, same), (_, rounded) = loss_differences(results)
    assert same < 1e-5 < rounded < 0.1
    write_measurements(results, tmp_path / 'x.json')
    content = json.loads((tmp_path / 'x.json').read_text())
    assert content['machine']['torch'] == torch.__version__
    assert content['results'][2]['flops'] == results[0].flops


def test_the_ratio_is_that_of_neighbouring_steps():
    slow, fast = (
        Measurement(name, 4, (8, 8), 10**9, {'student': 1}, seconds=seconds, memory=2**30)
        for name, seconds in (('slow', [2.0, 40.0, 4.0]), ('fast', [1.0, 10.0, 2.0]))
    )
    assert speed_up(slow, fast) == 2.0
    table = format_table([slow, fast])
    assert '2.00  1.00 GiB' in table and '4000 ms' in table

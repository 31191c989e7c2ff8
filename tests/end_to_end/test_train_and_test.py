"""The quickstart trains, tests, reports and predicts through the command line."""

import re

import pytest
from mmengine.config import Config

from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.datasets import GrassDataset
from ktda_mmseg.raster.colours import WRONG

from ..html_page import Page


@pytest.fixture(scope='module')
def trained(tools, quickstart, options, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('trained')
    printed = tools(
        'train.py', quickstart, '--work-dir', work_dir, *options,
        'train_cfg.max_iters=4', 'train_cfg.val_interval=2', 'default_hooks.checkpoint.interval=2',
        # needs a GPU, so that a CPU trains BN in its place
        'model.decode_head.decoder.norm_cfg.type=SyncBN',
    )  # fmt: skip
    return work_dir, printed


def test_training_logs_losses_scores_and_time_left(trained):
    work_dir, printed = trained
    for word in (
        'decode.loss_ce',
        'aux.loss_ce',
        'transfer.loss_kl',
        'transfer.loss_l2',
        'eta:',
        'mIoU',
    ):
        assert word in printed
    assert 'Could not import OneDL' not in printed
    assert (work_dir / 'iter_4.pth').exists()
    assert list(work_dir.glob('best_mIoU_iter_*.pth'))


def test_checkpoints_hold_a_note_on_the_teacher_but_not_the_teacher(trained):
    checkpoint = read_checkpoint(trained[0] / 'iter_4.pth')
    assert not [key for key in checkpoint['state_dict'] if 'teacher' in key]
    note = checkpoint['meta']['teacher']
    assert 'EfficientNetLite0' in note['config']
    assert re.fullmatch('[0-9a-f]{64}', note['sha256'])


def test_a_flexible_runner_trains_too(tools, quickstart, options, tmp_path):
    """It builds the model when it trains; mmengine's strategies of sharding need it."""
    tools(
        'train.py', quickstart, '--work-dir', tmp_path, *options, 'runner_type=FlexibleRunner',
        'train_cfg.max_iters=2', 'train_cfg.val_interval=2', 'default_hooks.checkpoint.interval=2',
        'model.decode_head.decoder.norm_cfg.type=SyncBN',
    )  # fmt: skip
    state = read_checkpoint(tmp_path / 'iter_2.pth')['state_dict']
    assert state and not [key for key in state if 'teacher' in key]


def test_resuming_with_another_teacher_is_refused(trained, tools, quickstart, options):
    work_dir, _ = trained
    printed = tools.fail(
        'train.py', quickstart, '--work-dir', work_dir, '--resume', *options,
        'train_cfg.max_iters=6', 'model.teacher.pretrained=False',
    )  # fmt: skip
    assert 'expected to resume with the teacher the checkpoint was trained with' in printed


@pytest.mark.parametrize('tta', [False, True])
def test_testing_prints_scores_and_writes_maps(trained, tools, quickstart, options, tmp_path, tta):
    printed = tools(
        'test.py', quickstart, trained[0] / 'iter_4.pth', '--work-dir', tmp_path / 'test',
        '--out', tmp_path / 'maps', '--show-dir', tmp_path / 'shown', *['--tta'] * tta, *options,
    )  # fmt: skip
    assert re.search(r'mIoU: \d+\.\d+', printed)
    assert len(list((tmp_path / 'maps').glob('*.png'))) == 4
    assert (
        len(
            list((tmp_path / 'test').rglob('shown/**/*.png'))
            or list((tmp_path / 'shown').rglob('*.png'))
        )
        == 4
    )


def test_the_report_shows_images_and_curves(
    trained, tools, quickstart, options, synthetic, tmp_path
):
    config = Config.fromfile(quickstart)
    config.merge_from_dict(dict(option.split('=', 1) for option in options[1:4]))
    config.model.decode_head.decoder.pool_scales = (1, 2)
    path = tmp_path / 'config.py'
    config.dump(path)
    work_dir, _ = trained
    out = tmp_path / 'report'
    printed = tools(
        'analysis_tools/report.py',
        path,
        work_dir / 'iter_4.pth',
        '--work-dir',
        work_dir,
        '--out',
        out,
    )
    assert re.search(r'mIoU \d+\.\d+ %', printed)
    assert str(out) in printed
    (file,) = out.iterdir()
    text = file.read_text()
    page = Page(text)
    assert f'mIoU {page.facts["mIoU"]}' in printed
    assert 0 <= float(page.facts['ECE'].removesuffix(' %')) <= 100
    meta = GrassDataset.METAINFO
    palette = ['#{:02x}{:02x}{:02x}'.format(*colour) for colour in meta['palette']]
    colours = dict(zip(meta['classes'], palette, strict=True))
    assert page.swatches == colours
    assert page.legends[0] == colours | {'ignored': '#000000'}
    assert page.legends[1].keys() == {'wrong', 'right', 'ignored'}
    assert page.folded == ['Confusion matrix', 'Training', 'All scores']
    shares = re.findall(r'<h3>(\w+): ([\d.]+%) of 4,096 labelled pixels wrong', text)
    assert len(shares) == 4
    for name, share in shares:
        truth, found, shown = (
            page.pixels(f'{title} of {name}') for title in ('ground truth', 'prediction', 'errors')
        )
        wrong = (truth != found).any(-1)
        assert share == f'{wrong.mean():.2%}'
        assert ((shown == WRONG).all(-1) == wrong).all()

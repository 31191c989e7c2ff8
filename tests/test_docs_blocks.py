"""Python and YAML blocks of the documents that test_readme.py does not run, and a list of all."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmseg.registry import DATASETS, MODELS
from PIL import Image

from ktda_mmseg.raster.files import open_raster
from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.strips import Layers
from ktda_mmseg.scenes.predictors import load_predictor
from ktda_mmseg.scenes.prepare.label_file import read_label_map
from ktda_mmseg.scenes.prepare.rasters import prepare

from .documents import ROOT, all_blocks
from .untrained import save_untrained

# page and first line of each block: those that run here, in test_readme.py or, from maps.md, in
# scenes/export/test_without_torch.py, and the others
RUN = {
    ('README.md', '# classes.yaml'),
    ('README.md', '# mine.py'),
    ('docs/studies.md', '# mine_student.py'),
    ('docs/studies.md', '# mine.yaml'),
    ('CONTRIBUTING.md', '# my_losses.py'),
    ('CONTRIBUTING.md', '# mine.py'),
    ('docs/install.md', "_base_ = 'ktda_mmseg::ktda/best.py'"),
    ('docs/install.md', '# from_python.py'),
    ('docs/install.md', '# parts.py'),
    ('docs/data.md', '# classes.yaml'),
    ('docs/data.md', 'classes:'),
    ('docs/data.md', "cache = 'data/mine/teacher_cache'"),
    ('docs/data.md', '# taught.py'),
    ('docs/data.md', '# self_trained.py'),
    ('docs/data.md', 'one = dict('),
    ('docs/data.md', "drawn = dict(type='ClassCrop', crop_size=(128, 128))"),
    ('docs/data.md', "soft = dict(_delete_=True, type='SoftCrossEntropyLoss', spread=0.5)"),
    ('docs/maps.md', '# without_torch.py'),
    ('docs/maps.md', '# coarser.py'),
}
NOT_RUN = {
    ('docs/model.md', 'model = dict('): 'an outline with ... for what is left out',
    ('docs/clusters.md', 'from dask_jobqueue import SLURMCluster'): 'needs a cluster with Slurm',
}


def blocks() -> dict[tuple[str, str], str]:
    return {(page, code.splitlines()[0]): code for page, code in all_blocks('python', 'yaml')}


def test_every_block_runs_or_has_a_reason_not_to():
    assert set(blocks()) == RUN | set(NOT_RUN)


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A function that loads a block of data.md as what goes on after a config of ours."""
    monkeypatch.chdir(tmp_path)

    def load(base: str, first_line: str) -> Config:
        code = blocks()['docs/data.md', first_line]
        Path('mine.py').write_text(f"_base_ = ['{ROOT / base}']\n{code}")
        return Config.fromfile('mine.py')

    return load


def test_the_example_loss_is_found_and_computes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ('my_losses.py', 'mine.py'):
        code = blocks()['CONTRIBUTING.md', f'# {name}']
        Path(name).write_text(code.replace('/path/to/ktda_mmseg', str(ROOT)))
    (loss,) = Config.fromfile('mine.py').model.transfer_losses
    student, teacher = torch.zeros(2, 3, 4, 4), torch.full((2, 3, 4, 4), -3.0)
    assert MODELS.build(loss)(student, teacher) == pytest.approx(0.5 * 3)


def test_the_example_cache_is_that_of_training(config):
    first = "cache = 'data/mine/teacher_cache'"
    pipeline = config('configs/ktda/taught.py', first).train_dataloader.dataset.pipeline
    assert [step.cache for step in pipeline if step.type == 'LoadTeacherMaps'] == [
        'data/mine/teacher_cache'
    ]


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """A folder of two labelled tiles and one without labels, the working directory's data/mine."""
    monkeypatch.chdir(tmp_path)
    pytest.importorskip('rasterio')
    for folder, names in {'images': 'ab', 'labels': 'ab', 'scenes': 'c'}.items():
        Path(folder).mkdir()
        for name in names:
            Image.new('L' if folder == 'labels' else 'RGB', (128, 128), 1).save(
                f'{folder}/{name}.png'
            )
    Path('classes.yaml').write_text('classes: {water: {labels: [1]}, forest: {labels: [3]}}')
    Path('splits.yaml').write_text('{train: [a], val: [b]}')
    paths = [Path(name) for name in ('data/mine', 'images', 'labels', 'classes.yaml')]
    prepare(*paths, split='splits.yaml', unlabelled=Path('scenes'))
    return paths[0]


def load(name: str) -> Config:
    """Load a config that a block of data.md writes as a whole."""
    code = blocks()['docs/data.md', f'# {name}']
    Path(name).write_text(code.replace('/path/to/ktda_mmseg', str(ROOT)))
    return Config.fromfile(name)


def test_the_example_without_labels_adds_its_images(prepared):
    dataset = load('taught.py').train_dataloader.dataset
    built = DATASETS.build(dict(dataset, pipeline=dataset.pipeline[:2]))
    assert [bool((sample['gt_seg_map'] == 255).all()) for sample in built] == [False, True]


def test_the_example_takes_the_maps_of_a_model_for_labels(prepared):
    config = load('self_trained.py')
    save_untrained(config, Path('model.pth'), ('water', 'forest'))
    predictor = load_predictor('self_trained.py', 'model.pth', device='cpu')
    bound = Layers(min_confidence=0.5)
    inferencer = SceneInferencer(predictor, products=Products(bound))
    (result,) = inferencer([prepared / 'img_dir/unlabelled'], prepared / 'guessed')
    assert result.error is None
    dataset = config.train_dataloader.dataset
    for part in dataset.datasets:
        part.pipeline = part.pipeline[:2]
    labelled, guessed = DATASETS.build(dataset)
    assert (labelled['gt_seg_map'] == 0).all()
    with open_raster(result.files['map']) as labels:
        assert (guessed['gt_seg_map'] == labels.read(1)).all()
    assert set(np.unique(guessed['gt_seg_map'])) <= {0, 1}


def test_the_example_coarsens_training_images_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base = Config.fromfile(ROOT / 'configs/ktda/best.py')
    base.dump('mine.py')
    Path('coarser.py').write_text(blocks()['docs/maps.md', '# coarser.py'])
    config = Config.fromfile('coarser.py')
    steps = config.train_dataloader.dataset.pipeline
    assert [step.type for step in steps[-2:]] == ['RandomCoarsen', 'PackSegInputs']
    assert [*steps[:-2], steps[-1]] == base.train_dataloader.dataset.pipeline
    assert config.test_dataloader == base.test_dataloader


def test_the_example_head_has_one_output(config):
    model = config('configs/quickstart/synthetic.py', 'one = dict(').model
    head = MODELS.build(model.decode_head)
    assert head.decoder.out_channels == 1 and head.decoder.num_classes == 2
    assert head.decoder.threshold == 0.5


def test_the_example_crops_are_in_the_place_of_others(config):
    base = Config.fromfile(ROOT / 'configs/ktda/best.py').train_dataloader.dataset.pipeline
    first = "drawn = dict(type='ClassCrop', crop_size=(128, 128))"
    steps = config('configs/ktda/best.py', first).train_dataloader.dataset.pipeline
    types = [step.type for step in base]
    assert 'RandomCrop' in types
    assert [step.type for step in steps] == [
        type_.replace('RandomCrop', 'ClassCrop') for type_ in types
    ]


def test_the_example_labels_are_soft_in_both_decoders(config):
    first = "soft = dict(_delete_=True, type='SoftCrossEntropyLoss', spread=0.5)"
    head = MODELS.build(config('configs/ktda/best.py', first).model.decode_head)
    losses = head.decoder.loss_decode, head.auxiliary.loss_decode
    assert [(loss.spread, loss.loss_weight) for loss in losses] == [(0.5, 1.0), (0.5, 0.4)]


@pytest.mark.parametrize(
    ('first_line', 'classes'),
    [('# classes.yaml', ('water', 'forest')), ('classes:', ('background', 'roof'))],
)
def test_the_example_labels_are_read(first_line, classes, tmp_path):
    path = tmp_path / 'classes.yaml'
    path.write_text(blocks()['docs/data.md', first_line])
    assert read_label_map(path).classes == classes

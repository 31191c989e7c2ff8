"""Generated scenes: reproducible, extendable, neither trivial nor lacking a class."""

import filecmp

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.prepare import synthetic

KINDS = pytest.mark.parametrize('kind', ['grass', 'cloud'])


def scenes(kind, split, count, size=128):
    pairs = [synthetic._scene(kind, 0, size, split, index)[0] for index in range(count)]
    return np.stack([p.image for p in pairs]), np.stack([p.mask for p in pairs])


@KINDS
def test_a_larger_set_holds_the_smaller_one(kind, tmp_path):
    small, large = tmp_path / 'small', tmp_path / 'large'
    synthetic.prepare(small, kind, size=32, train=2, val=1, test=1)
    synthetic.prepare(large, kind, size=32, train=3, val=2, test=1)
    names = [str(path.relative_to(small)) for path in small.rglob('*_*.*')]
    assert len(names) == 8
    assert filecmp.cmpfiles(small, large, names, shallow=False)[0] == names


@KINDS
def test_seed_split_and_number_change_the_scene(kind):
    draws = [(0, 'train', 0), (1, 'train', 0), (0, 'val', 0), (0, 'train', 1)]
    images = {synthetic._scene(kind, s, 32, split, i)[0][0].tobytes() for s, split, i in draws}
    assert len(images) == len(draws)


@KINDS
def test_every_class_occurs_and_a_colour_does_not_tell_it(kind):
    images, masks = scenes(kind, 'train', 12)
    classes = masks.max() + 1
    shares = np.bincount(masks.ravel()) / masks.size
    assert shares.min() > 0.03
    means = np.stack([images[masks == c].mean(0) for c in range(classes)])
    unseen, truth = scenes(kind, 'test', 8)
    distances = ((unseen[..., None, :].astype(float) - means) ** 2).sum(-1)
    guess = distances.argmin(-1)
    ious = [
        ((guess == c) & (truth == c)).sum() / ((guess == c) | (truth == c)).sum()
        for c in range(classes)
    ]
    assert 1 / (2 * classes) < np.mean(ious) < 0.7


@pytest.mark.parametrize(
    'wrong', [{'kind': 'sea'}, {'seed': -1}, {'size': 8}, {'train': 0}, {'test': -1}]
)
def test_arguments_out_of_range_are_refused(wrong, tmp_path):
    with pytest.raises(ValueError, match='expected kind of'):
        synthetic.prepare(tmp_path / 'set', **wrong)
    assert not list(tmp_path.iterdir())


def test_grass_has_the_type_its_data_set_reads(tmp_path):
    synthetic.prepare(tmp_path / 'set', size=32, train=1, val=1, test=1)
    image = Image.open(tmp_path / 'set' / 'img_dir' / 'train' / 'grass_00000.tif')
    assert (image.mode, image.size) == ('RGB', (32, 32))

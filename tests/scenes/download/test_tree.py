"""The name of a folder's content is git's."""

import shutil
import subprocess

import pytest

from ktda_mmseg.scenes.download.catalogue import SETS
from ktda_mmseg.scenes.download.tree import tree_id


def test_it_is_what_git_computes(tmp_path):
    if not shutil.which('git'):
        pytest.skip('git is not installed')
    # names that sort otherwise as folders than as files
    for name in ('a/x', 'a.b', 'a-b/y/z', 'a0', 'Tile 1/é', '.hidden'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode() * 1000)
    (tmp_path / 'empty').touch()
    for command in ('init', 'add -A', 'write-tree'):
        done = subprocess.run(
            ['git', '-c', 'core.autocrlf=false', *command.split()],
            cwd=tmp_path, check=True, capture_output=True, text=True,
        )  # fmt: skip
    expected = done.stdout.strip()
    assert tree_id(tmp_path, leave_out=['.git']) == expected
    (tmp_path / 'a' / 'x').write_bytes(b'changed')
    assert tree_id(tmp_path, leave_out=['.git']) != expected


@pytest.mark.parametrize('name', ['l8_biome_sample', 'dubai'])
def test_the_real_sets_have_the_name_that_the_catalogue_gives(shared, name):
    assert tree_id(shared / 'data' / name, leave_out=['LICENSE']) == SETS[name].tree

"""Archives for the tests."""

import io
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

HOLDS = ('img_dir/train', 'ann_dir/train')
FILES = {'img_dir/train/a.tif': os.urandom(3000), 'ann_dir/train/a.png': b'mask' * 100}


@pytest.fixture(autouse=True)
def _roomy(monkeypatch):
    """Make room for any set: how full this machine's disk is decides no test."""
    usage = shutil.disk_usage
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: usage(folder)._replace(free=10**12))


@pytest.fixture
def archive(tmp_path):
    return tmp_path / 'set.zip'


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / 'deep' / 'out'
    folder.mkdir(parents=True)
    return folder


def write_zip(path: Path, files: dict, **options) -> None:
    with zipfile.ZipFile(path, 'w', **options) as pack:
        for name, content in files.items():
            pack.writestr(name, content)


def write_tar(path: Path, files: dict, mode: str = 'w') -> None:
    with tarfile.open(path, mode) as tape:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tape.addfile(info, io.BytesIO(content))


def found(folder: Path) -> dict:
    paths = [path for path in folder.rglob('*') if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}

"""Fixtures that several test modules use."""

import hashlib
import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from runpy import run_path  # by name: tests replace that of the module

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings
from mmengine.config import Config, ConfigDict
from PIL import Image

from ktda_mmseg.utils import downloading as transfer

from .warm_python import WarmPython, format_once

ROOT = Path(__file__).resolve().parents[1]
format_once()
# an example may take as long as the machine needs
settings.register_profile(
    'any machine', deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile('any machine')


@pytest.fixture(scope='session')
def shared() -> Path:
    """Folder of real imagery, real weights and golden values beside the project."""
    folder = ROOT.parent / 'shared'
    if not folder.is_dir():
        pytest.skip('the folder ../shared with real imagery and golden values is absent')
    return folder


@pytest.fixture
def installed() -> None:
    """For tests of configs that are inherited by the package's name."""
    if not (ROOT / 'ktda_mmseg' / '.mim').is_dir():
        pytest.skip('ktda_mmseg/.mim is absent, which `pip install -e .` makes')


@pytest.fixture
def tiny_model() -> ConfigDict:
    """The official model at the size of the golden values: 32 wide, 64 px, 5 classes."""
    config = Config.fromfile(ROOT / 'configs' / '_base_' / 'models' / 'ktda.py')
    norm_cfg = dict(type='BN')
    small = dict(
        data_preprocessor=dict(size=(64, 64)),
        backbone=dict(drop_path_rate=0.0, init_cfg=None),
        teacher=dict(img_size=64, out_indices=[0, 1, 2, 3], init_cfg=None),
        neck=dict(in_channels=[16, 24, 32, 48], out_channels=32),
        decode_head=dict(
            in_channels=[32] * 4,
            num_classes=5,
            pyramid=dict(in_channels=[32] * 4, out_channels=32),
            modulation=dict(depth=2, num_heads=4),
            decoder=dict(in_channels=[32] * 4, channels=24, dropout_ratio=0, norm_cfg=norm_cfg),
            auxiliary=dict(in_channels=32, channels=16, dropout_ratio=0, norm_cfg=norm_cfg),
        ),
    )
    config.merge_from_dict(dict(model=small))
    model = config.model
    model.backbone.arch = dict(depths=[1, 1, 2, 1], channels=[16, 24, 32, 48])
    model.teacher.arch = dict(embed_dims=32, num_layers=4, num_heads=4, feedforward_channels=64)
    return model


@pytest.fixture
def run_config(tiny_model: ConfigDict, tmp_path: Path) -> Path:
    """Config file that trains the tiny model for two iterations on two images of noise."""
    rng = np.random.default_rng(0)
    for folder, shape, limit in (('images', (64, 64, 3), 256), ('masks', (64, 64), 5)):
        (tmp_path / folder).mkdir()
        for name in 'ab':
            pixels = rng.integers(0, limit, shape, np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f'{name}.png')
    loader = dict(
        batch_size=2,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='GrassDataset',
            data_root=str(tmp_path),
            img_suffix='.png',
            data_prefix=dict(img_path='images', seg_map_path='masks'),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations'),
                dict(type='PackSegInputs'),
            ],
        ),
    )
    bases = ROOT / 'configs' / '_base_'
    config = Config.fromfile(bases / 'default_runtime.py')
    config.merge_from_dict(Config.fromfile(bases / 'schedules' / 'iterations.py').to_dict())
    config.merge_from_dict(
        dict(
            model=tiny_model,
            train_dataloader=dict(loader, sampler=dict(type='ResumableSampler')),
            val_dataloader=loader,
            test_dataloader=loader,
            val_evaluator=dict(type='IoUMetric'),
            test_evaluator=dict(type='IoUMetric'),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=2, val_interval=2),
            optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01)),
            default_hooks=dict(checkpoint=dict(interval=2), logger=dict(interval=1)),
        )
    )
    path = tmp_path / 'tiny.py'
    config.dump(path)
    return path


@pytest.fixture(scope='session')
def warm_python() -> Iterator[WarmPython]:
    """What runs a tool in a process of its own that need not import libraries first."""
    python = WarmPython()
    yield python
    python.close()


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes that work or measure be forks, which need not import the package again."""
    # what its set_start_method sets, but for this test alone
    method = 'joblib.externals.loky.backend.context._DEFAULT_START_METHOD'
    monkeypatch.setattr(method, 'fork')
    if not torch.cuda.is_available():
        # of a process that has trained nothing: PyTorch refuses to train in a fork of one that has
        multiprocessing.set_forkserver_preload(['ktda_mmseg.benchmark.timing'])
        monkeypatch.setattr('ktda_mmseg.benchmark.timing.START', 'forkserver')


@pytest.fixture
def run_tool(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Return a function that runs a tool in this process and returns what it printed."""

    def run(name: str, *args: object) -> str:
        script = ROOT / 'tools' / name
        monkeypatch.setattr(sys, 'argv', [str(script), *map(str, args)])
        monkeypatch.setattr(sys, 'path', [str(script.parent), *sys.path])
        capsys.readouterr()
        run_path(str(script), run_name='__main__')
        return capsys.readouterr().out

    return run


class FaultyServer(ThreadingHTTPServer):
    """Serves ``content`` at every address, each request with the first of the ``faults`` left.

    Attributes:
        faults: Statuses such as 503; 'cut' and 'stall' after 100,000 bytes; 'corrupt'; 'hub', which
            redirects as Hugging Face's hub does. None and an empty list are no fault.
        versions: Headers that tell versions of the content apart.
        ranges: 'careful' sends the rest of what has not changed, 'careless' of anything, 'wrong'
            another range; '' sends all.
        chunked: Send it without saying its length.
        seen: Path and range of each request.
    """

    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), Answer)
        self.content = bytes(range(256)) * 1200
        self.faults: list[int | str | None] = []
        self.versions = {'ETag': '"one"'}
        self.ranges = 'careful'
        self.chunked = False
        self.seen: list[tuple[str, str | None]] = []
        self.closing = threading.Event()
        self.url = f'http://127.0.0.1:{self.server_port}'


class Answer(BaseHTTPRequestHandler):
    """One answer of a :class:`FaultyServer`."""

    server: FaultyServer

    def do_GET(self) -> None:
        server, part = self.server, self.headers.get('Range')
        server.seen.append((self.path, part))
        fault = server.faults.pop(0) if server.faults else None
        if isinstance(fault, int):
            return self.send_error(fault)
        if fault == 'hub':
            self.send_response(302)
            self.send_header('Location', '/elsewhere')
            self.send_header('X-Linked-ETag', f'"{hashlib.sha256(server.content).hexdigest()}"')
            return self.end_headers()
        same = self.headers.get('If-Range') in server.versions.values()
        start = 0
        if part and (same if server.ranges == 'careful' else server.ranges):
            end = len(server.content)
            start = 0 if server.ranges == 'wrong' else int(part[len('bytes=') : -1])
            self.send_response(206)
            self.send_header('Content-Range', f'bytes {start}-{end - 1}/{end}')
        else:
            self.send_response(200)
        body = server.content[start:]
        for name, value in server.versions.items():
            self.send_header(name, value)
        if server.chunked:
            self.send_header('Transfer-Encoding', 'chunked')
            body = b'%x\r\n%s\r\n0\r\n\r\n' % (len(body), body)
        else:
            self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if fault in ('cut', 'stall'):
            self.wfile.write(body[:100_000])
            self.wfile.flush()
            if fault == 'stall':
                server.closing.wait(60)
        else:
            self.wfile.write(body[::-1] if fault == 'corrupt' else body)

    def log_message(self, *args: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    """A server on loopback, which clients try again without waiting."""
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    monkeypatch.setattr(transfer, 'PAUSE', 0.001)
    with FaultyServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.closing.set()
        server.shutdown()

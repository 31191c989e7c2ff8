"""The documents' commands, as they stand there, from a user's files to maps and exported models."""

import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ktda_mmseg_cli as cli

from .documents import ROOT, all_blocks

TOOLS = {f'tools/{path}': name for name, path in cli.COMMANDS.items()}
STEPS = 8
# beginnings of command lines within those blocks, and why they do not run here
NOT_HERE = {
    'pip ': 'installs',
    'python tools/serve.py': 'serves until it is stopped: tests/scenes/serve starts it',
}
MAPS = 'python tools/predict_scene.py mine.py work_dirs/mine/iter_2000.pth '
RASTERS = 'python tools/prepare_dataset.py rasters images --labels '
# page and beginning of each block that runs here, in the order in which a user comes to them
WALK = [
    ('README.md', RASTERS),
    ('README.md', MAPS),
    ('docs/maps.md', f'{MAPS}scene.tif --out maps\n'),
    ('docs/maps.md', f'{MAPS}scene.tif --out maps --gsd trained'),
    ('docs/maps.md', "pip install -e '.[stac]'"),
    ('docs/maps.md', 'python tools/calibrate.py mine.py'),
    ('docs/maps.md', "pip install -e '.[export]'"),
    ('docs/maps.md', 'python tools/export.py mine.py'),
    ('docs/data.md', f'{RASTERS}labels'),
    ('docs/data.md', f'{RASTERS}instances_default.json'),
]
KTDA = ('README.md', 'ktda init mine.py')
INSTALLS, DOWNLOADS = 'installs', 'wants what has to be downloaded: tests/scenes/download'
TRAINS, MACHINES = 'trains for hours: tests/end_to_end', 'needs several machines or GPUs'
IMAGERY = 'wants imagery that is not shipped: tests/scenes/prepare'
# the other blocks, and why they do not run here or where they do
OTHERS = {
    ('README.md', 'make demo'): 'trains for minutes; the second line runs this test',
    ('README.md', 'source .venv/bin/activate'): INSTALLS,
    ('CONTRIBUTING.md', 'make lint'): INSTALLS,
    ('CONTRIBUTING.md', 'make test STACK=openmmlab'): INSTALLS,
    ('CONTRIBUTING.md', '.venv/bin/python -m pip install pre-commit'): INSTALLS,
    (
        'CONTRIBUTING.md',
        'VIT_WEIGHTS=',
    ): 'rewrites the notebooks; tests/test_notebooks.py runs them',
    ('CONTRIBUTING.md', 'python /path/to/ktda_mmseg/tools/'): TRAINS,
    ('CONTRIBUTING.md', 'python tools/check_dataset.py configs/quickstart/dubai.py'): IMAGERY,
    ('CONTRIBUTING.md', 'python tools/run_study.py'): TRAINS,
    ('docs/clusters.md', RASTERS): 'on two processes: tests/end_to_end/test_workers.py',
    ('docs/clusters.md', 'pip install asyncssh'): MACHINES,
    ('docs/clusters.md', '#SBATCH'): MACHINES,
    ('docs/clusters.md', 'helm install'): MACHINES,
    ('docs/configs.md', 'python tools/train.py'): TRAINS,
    ('docs/configs.md', 'python tools/download_dataset.py'): DOWNLOADS,
    ('docs/data.md', 'python tools/download_dataset.py'): DOWNLOADS,
    ('docs/data.md', 'python tools/prepare_dataset.py l8_biome data/raw/'): IMAGERY,
    ('docs/data.md', 'python tools/prepare_dataset.py l8_biome SRC'): IMAGERY,
    ('docs/data.md', 'python tools/prepare_dataset.py grass SRC'): IMAGERY,
    ('docs/data.md', 'pip download'): DOWNLOADS,
    (
        'docs/data.md',
        'python tools/prepare_dataset.py rasters images --unlabelled',
    ): 'tests/scenes/prepare/rasters/test_unlabelled.py',
    ('docs/data.md', f'{MAPS}data/mine'): 'tests/test_docs_blocks.py',
    ('docs/data.md', 'ktda init mine.py'): 'as in the README',
    ('docs/data.md', "pip install -e '.[csmask]'"): DOWNLOADS,
    ('docs/data.md', 'mkdir -p pretrained'): DOWNLOADS,
    ('docs/data.md', 'python tools/check_dataset.py'): 'tests/scenes/check/test_command_line.py',
    ('docs/install.md', "pip install -e '.[onedl,timm]'"): INSTALLS,
    ('docs/install.md', "pip install 'ktda_mmseg"): INSTALLS,
    ('docs/install.md', 'ktda train'): TRAINS,
    ('docs/install.md', 'eval '): 'for a shell that a person uses: tests/test_cli.py',
    ('docs/install.md', 'make openmmlab'): INSTALLS,
    ('docs/install.md', "pip install 'setuptools"): INSTALLS,
    ('docs/maps.md', "pip install -e '.[onedl,raster,serve]'"): NOT_HERE['python tools/serve.py'],
    ('docs/model.md', '# maps of teacher'): 'tests/tools/test_visualize_features.py',
    ('docs/model_zoo.md', "pip install -e '.[onedl,timm,raster]'"): 'tests/test_model_zoo.py',
    ('docs/model_zoo.md', 'ktda publish'): 'tests/studies/test_release.py',
    ('docs/performance.md', 'python tools/analysis_tools/benchmark.py'): TRAINS,
    ('docs/performance.md', 'tools/analysis_tools/gpu'): 'tests/tools/test_gpu_measurements.py',
    ('docs/studies.md', 'python tools/run_study.py studies/'): TRAINS,
    ('docs/studies.md', 'python tools/run_study.py mine.yaml'): TRAINS,
    ('docs/studies.md', 'python tools/analysis_tools/study_features.py'): TRAINS,
    ('docs/weights.md', '# a checkpoint of the official code'): DOWNLOADS,
    ('docs/results/l8_biome_sample_rivals/README.md', 'pip install'): DOWNLOADS,
}


def test_every_block_runs_or_has_a_reason_not_to():
    known = {*WALK, KTDA, *OTHERS}
    matches = [
        [key for key in known if key[0] == page and code.startswith(key[1])]
        for page, code in all_blocks('bash')
    ]
    # the longest beginning is meant
    chosen = [max(keys, key=lambda key: len(key[1]), default=None) for keys in matches]
    assert None not in chosen, all_blocks('bash')[chosen.index(None)]
    assert sorted(chosen) == sorted(known)


def test_what_runs_a_block_elsewhere_is_there():
    named = {name for why in OTHERS.values() for name in re.findall(r'tests/[\w./]+', why)}
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def lines(page: str, beginning: str) -> list[str]:
    """Return the commands of the shortest block that begins so."""
    code = min((c for p, c in all_blocks('bash') if p == page and c.startswith(beginning)), key=len)
    joined = re.sub(r'\\\n *', '', code).splitlines()
    return [re.sub(r' +#.*', '', line) for line in joined]


def run(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a command line in this process, but for the length of training."""
    words = shlex.split(line.replace('iter_2000', f'iter_{STEPS}'))
    if words[0] == 'python':
        words = ['ktda', *TOOLS[words[1]].split(), *words[2:]]
    assert words[0] == 'ktda', line
    monkeypatch.setattr(sys, 'argv', words)
    try:
        cli.main()
    except SystemExit as error:
        assert not error.code, f'{line}: {error.code}'


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A folder with a user's files: placed images, their labels in three forms, and a scene."""
    rasterio, geopandas, shapely, *_ = map(
        pytest.importorskip, ('rasterio', 'geopandas', 'shapely', 'pystac', 'openvino')
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'path', sys.path[:])
    monkeypatch.setitem(sys.modules, '__main__', sys.modules['__main__'])
    rng = np.random.default_rng(0)
    for folder in ('images', 'labels', 'scenes', 'masks'):
        Path(folder).mkdir()
    shapes, annotations, pictures = [], [], []
    for index in range(3):
        labels = np.ones((1, 140, 150), np.uint8)
        labels[:, 40:90, 20:100] = 3
        colours = np.where(labels == 3, 180, 60) + rng.integers(0, 40, (3, 140, 150))
        west, north = 500_000 + 9000 * index, 5_000_000
        place = rasterio.transform.from_origin(west, north, 2, 2)
        for path, values in (
            (f'images/{index}.tif', colours.astype(np.uint8)),
            (f'labels/{index}.tif', labels),
        ):
            with rasterio.open(
                path, 'w', driver='GTiff', width=150, height=140, count=len(values),
                dtype='uint8', crs='EPSG:32633', transform=place,
            ) as file:  # fmt: skip
                file.write(values)
        shapes += [
            (shapely.box(west, north - 280, west + 300, north), 1),
            (shapely.box(west + 40, north - 180, west + 200, north - 80), 3),
        ]
        pictures.append(dict(id=index, file_name=f'{index}.tif', width=150, height=140))
        for number, box in ((1, (0, 0, 150, 140)), (3, (20, 40, 100, 90))):
            left, top, right, bottom = box
            corners = [left, top, right, top, right, bottom, left, bottom]
            annotations.append(dict(
                id=len(annotations), image_id=index, category_id=number, segmentation=[corners]
            ))  # fmt: skip
    areas, values = zip(*shapes, strict=True)
    frame = geopandas.GeoDataFrame(dict(cover=values), geometry=list(areas), crs='EPSG:32633')
    frame.to_file('cover.gpkg')
    names = {1: 'water', 2: 'reed', 3: 'forest'}
    categories = [dict(id=number, name=name) for number, name in names.items()]
    coco = dict(images=pictures, annotations=annotations, categories=categories)
    Path('instances_default.json').write_text(json.dumps(coco))
    scene = dict(
        type='Feature', stac_version='1.0.0', id='of_stac', geometry=None, links=[],
        properties=dict(datetime='2024-05-31T00:00:00Z'),
        assets=dict(image=dict(href='./scene.tif', roles=['data'])),
    )  # fmt: skip
    Path('items.json').write_text(json.dumps(dict(type='FeatureCollection', features=[scene])))
    Path('scene.tif').write_bytes(Path('images/0.tif').read_bytes())
    Path('scenes/0.tif').write_bytes(Path('images/0.tif').read_bytes())
    with rasterio.open('labels/0.tif') as file:  # as classes are numbered
        profile, labels = file.profile, file.read()
    with rasterio.open('masks/0.tif', 'w', **profile) as file:
        file.write((labels == 3).astype(np.uint8))
    readme = (ROOT / 'README.md').read_text(encoding='utf-8')
    for name in ('classes.yaml', 'mine.py'):
        code = re.search(rf'```\w+\n(# {name}\n.*?)```', readme, re.DOTALL).group(1)
        Path(name).write_text(code.replace('/path/to/ktda_mmseg', str(ROOT)))
    return tmp_path


def shorten() -> None:
    with Path('mine.py').open('a') as file:
        file.write(f'\ntrain_cfg = dict(max_iters={STEPS})\n')


@pytest.mark.slow  # trains, and exports three times
def test_the_commands_of_the_documents_run_one_after_the_other(project, monkeypatch):
    shorten()
    for page, beginning in WALK:
        for line in lines(page, beginning):
            if not line.startswith(tuple(NOT_HERE)):
                run(line, monkeypatch)
    made = {path.name for path in (project / 'maps').iterdir()}
    assert {'scene.tif', 'scene.qml', '0.tif', 'of_stac.tif', 'of_stac.stac.json'} <= made
    assert Image.open('maps/scene.tif').size == (150, 140)
    assert (project / 'exported' / 'mine.int8.onnx').is_file()


@pytest.mark.slow  # trains
def test_ktda_alone_goes_from_images_to_a_map(project, monkeypatch):
    (project / 'mine.py').unlink()
    init, *others = lines(*KTDA)
    run(init, monkeypatch)
    shorten()
    for line in others:
        run(line, monkeypatch)
    assert {'scene.tif', 'scene.png'} <= {path.name for path in (project / 'maps').iterdir()}

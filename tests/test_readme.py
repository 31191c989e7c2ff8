"""What README and docs/ link to, name and call exists, and the example configs are some."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from shutil import rmtree

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import save_checkpoint
from mmseg.registry import DATASETS, MODELS

import ktda_mmseg_cli as cli
from ktda_mmseg.scenes.prepare.rasters import prepare
from ktda_mmseg.studies import Study
from ktda_mmseg.studies.cells import cells_of

from .documents import FENCED, PAGES, ROOT, blocks_of

README = (ROOT / 'README.md').read_text(encoding='utf-8')
each_page = pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page: Path) -> str:
    return FENCED.sub('', page.read_text(encoding='utf-8'))


def anchors(page: Path) -> set[str]:
    """Headings as GitHub turns them into anchors."""
    headings = re.findall(r'^#+ (.+)$', prose(page), re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in headings}


def commands(page: Path) -> list[str]:
    """Lines of shell blocks, joined where they go on, and code in text, without comments."""
    blocks = '\n'.join(blocks_of(page, 'bash'))
    lines = re.sub(r'\\\n', ' ', blocks).splitlines() + re.findall(r'`([^`\n]+)`', prose(page))
    return [re.sub(r' +#.*', '', line) for line in lines]


@cache
def help_of(tool: str, *sub_command: str) -> str:
    done = subprocess.run(
        [sys.executable, tool, *sub_command, '--help'], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def expand(pattern: str) -> list[str]:
    """Say `{a,b}` in full, as a shell does."""
    found = re.search(r'\{([^}]*)\}', pattern)
    if not found:
        return [pattern]
    head, tail = pattern[: found.start()], pattern[found.end() :]
    return [path for word in found[1].split(',') for path in expand(head + word + tail)]


@each_page
def test_links_lead_somewhere(page):
    for link in re.findall(r'\]\(([^)\s]+)\)', prose(page)):
        if '://' not in link:
            name, _, anchor = link.partition('#')
            target = (page.parent / name).resolve() if name else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@each_page
def test_named_files_exist(page):
    text = page.read_text(encoding='utf-8')
    named = re.findall(
        r'(?<![\w/.-])(?<!--base )(?:configs|tools|docs|studies)/'
        r'[\w./*{},-]+?\.(?:py|sh|png|md|yaml)\b',
        text,
    )
    for pattern in {path for match in named for path in expand(match)}:
        assert list(ROOT.glob(pattern)), pattern


@each_page
def test_commands_take_their_options(page):
    for command in commands(page):
        if command.startswith('ktda ') and not command.startswith('ktda --'):
            words = command.split()[1:]
            name = cli.find(words)
            assert name in cli.COMMANDS, command
            rest = words[len(name.split()) :]
            command = f'tools/{cli.COMMANDS[name]} {" ".join(rest)}'
        found = re.search(r'\b(tools/[\w/]+\.py)\b(.*)', command)
        if found:
            tool, rest = found.groups()
            # the options of these depend on what comes first
            first = rest.split()[:1]
            sub_command = first if tool.endswith(('prepare_dataset.py', 'benchmark.py')) else []
            known = re.findall(r'--[\w-]+', help_of(tool, *sub_command))
            assert not set(re.findall(r'(?<!\S)--[a-z][\w-]*', rest)) - set(known), command


@each_page
def test_named_extras_exist(page):
    text = page.read_text(encoding='utf-8')
    extras = {extra for group in re.findall(r'\.\[([\w,]+)\]', text) for extra in group.split(',')}
    files = {path.stem for path in (ROOT / 'requirements').glob('*.txt')}
    assert not extras - files


def test_the_checks_find_what_they_check():
    """Nothing above holds because nothing was found."""
    called = [command for page in PAGES for command in commands(page) if 'tools/' in command]
    assert len(called) > 40
    assert any('--postprocess' in command and 'export.py' in command for command in called)
    assert 'train-on-your-own-images' in anchors(ROOT / 'README.md')
    assert expand('a/{b,c}.py') == ['a/b.py', 'a/c.py']


def test_every_page_is_found_from_the_readme():
    assert not [page.name for page in ROOT.glob('docs/*.md') if f'(docs/{page.name})' not in README]


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 200


@each_page
def test_make_targets_exist(page):
    targets = {found for line in commands(page) for found in re.findall(r'^make (\w+)', line)}
    makefile = (ROOT / 'Makefile').read_text()
    assert all(re.search(rf'^{target}:', makefile, re.MULTILINE) for target in targets)


def rows_of(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith('| ')]
    return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]


def test_the_scores_are_those_of_the_studies():
    results = (ROOT / 'docs' / 'results.md').read_text(encoding='utf-8')
    studies = (ROOT / 'docs' / 'results').glob('*/README.md')
    rows = rows_of(results)
    assert len(rows) > 40
    known = [row for study in studies for row in rows_of(study.read_text(encoding='utf-8'))]
    assert not [row for row in rows if row not in known]


def test_the_readme_has_five_rows_of_the_study():
    section = README.split('## What it reaches\n')[1].split('\n## ')[0]
    head, _, *rows = rows_of(section)
    study = rows_of((ROOT / 'docs/results/dubai_stages/README.md').read_text(encoding='utf-8'))
    columns = [study[0].index(name) for name in head]
    assert len(rows) == 5
    scores = [row for row in study if len(row) == len(study[0])]
    assert not [row for row in rows if row not in [[r[c] for c in columns] for r in scores]]


def block(name: str, text: str = README) -> str:
    """Return the code block that begins with this name in a comment."""
    return re.search(rf'```\w+\n# {re.escape(name)}\n(.*?)```', text, re.DOTALL).group(1)


@pytest.fixture(params=['configs/ktda/best.py', 'configs/ktda/dubai_best.py'])
def mine(request, tmp_path, monkeypatch) -> Config:
    """The README's example config, with images and labels prepared as it says."""
    pytest.importorskip('rasterio')
    monkeypatch.chdir(tmp_path)
    Path('classes.yaml').write_text(block('classes.yaml'))
    example = block('mine.py').replace('/path/to/ktda_mmseg', str(ROOT))
    assert request.param in README and 'configs/ktda/best.py' in example
    Path('mine.py').write_text(example.replace('configs/ktda/best.py', request.param))
    for folder, shape, values in (('images', (140, 150, 3), 256), ('labels', (140, 150), 4)):
        Path(folder).mkdir()
        for index in range(3):
            picture = np.random.default_rng(index).integers(0, values, shape, dtype=np.uint8)
            cv2.imwrite(f'{folder}/{index}.png', picture)
    prepare(Path('data/mine'), Path('images'), Path('labels'), Path('classes.yaml'))
    return Config.fromfile('mine.py')


def test_the_example_config_loads_data_and_builds(mine):
    for split in ('train', 'val', 'test'):
        dataset = DATASETS.build(mine[f'{split}_dataloader'].dataset)
        assert dataset.metainfo['classes'] == ('water', 'forest')
        assert set(dataset[0]['data_samples'].gt_sem_seg.data.unique().tolist()) == {0, 1, 255}
    assert MODELS.build(mine.model).decode_head.decoder.num_classes == 2


def test_the_examples_in_python_run(mine, capsys):
    if 'configs/ktda/best.py' not in Path('mine.py').read_text():
        pytest.skip('one config is enough')
    text = (ROOT / 'docs' / 'install.md').read_text(encoding='utf-8')
    model = MODELS.build(mine.model)
    meta = dict(dataset_meta=mine.train_dataloader.dataset.metainfo.to_dict())
    save_checkpoint(dict(state_dict=model.state_dict(), meta=meta), 'mine.pth')
    rmtree('data')
    exec(block('from_python.py', text), {})
    printed = capsys.readouterr().out
    assert '\n[]\n' in printed and '(140, 150)' in printed and Path('checked/index.html').is_file()
    assert Path('maps/0.tif').is_file()
    exec(block('parts.py', text), {})
    printed = capsys.readouterr().out
    assert 'loss_l2 [tensor(' in printed and 'torch.Size([2, 3, 16, 16])' in printed


def test_the_example_study_changes_the_data_alone(mine):
    text = (ROOT / 'docs' / 'studies.md').read_text(encoding='utf-8')
    Path('configs').symlink_to(ROOT / 'configs')
    student = block('mine_student.py', text)
    best = student.replace('configs/studies/dubai/student.py', 'configs/ktda/dubai_best.py')
    assert 'configs/ktda/dubai_best.py' in text
    Path('mine_student.py').write_text(student)
    Path('mine_best.py').write_text(best)
    Path('mine.yaml').write_text(block('mine.yaml', text))
    cells = cells_of(Study.load(Path('mine.yaml')))
    assert len(cells) == 15
    alone, taught, random = (cell.config for cell in cells[:3])
    assert alone.train_dataloader.dataset.metainfo == mine.train_dataloader.dataset.metainfo
    assert alone.model.teacher is None and taught.model.teacher.type == 'EfficientNetLite0'
    assert random.model.teacher == dict(taught.model.teacher, pretrained=False)
    assert random.model.decode_head.num_classes == 2 == alone.model.decode_head.num_classes

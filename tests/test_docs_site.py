"""The documentation site holds every page and public name, and builds."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
SITE = yaml.safe_load((ROOT / 'mkdocs.yml').read_text(encoding='utf-8'))
# packages whose exported names a user meets in configs and scripts
PUBLIC = (
    'models', 'models/backbones', 'datasets', 'caching', 'engine', 'scenes/map', 'checkpoints',
    'studies', 'studies/features',
)  # fmt: skip


def leaves(entry):
    """Pages of a part of the navigation."""
    if isinstance(entry, str):
        return [entry]
    parts = entry.values() if isinstance(entry, dict) else entry
    return [page for part in parts for page in leaves(part)]


def excluded(page: str) -> bool:
    return any(Path('/', page).match(line) for line in SITE['exclude_docs'].split())


def exported(package: str) -> set[str]:
    """Names in `__all__` that are no modules."""
    folder = ROOT / 'ktda_mmseg' / package
    tree = ast.parse((folder / '__init__.py').read_text(encoding='utf-8'))
    lists = [
        n.value for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == '__all__'
    ]
    names = {name for value in lists for name in ast.literal_eval(value)}
    return {name for name in names if not (folder / name).is_dir()}


def test_every_page_is_in_the_navigation_once_and_every_entry_exists():
    pages = {str(path.relative_to(ROOT / 'docs')) for path in ROOT.glob('docs/**/*.md')}
    from_root = SITE['extra']['root_pages']
    assert all((ROOT / name).is_file() for name in from_root.values())
    expected = {page for page in pages if not excluded(page)} | set(from_root)
    assert len(expected) > 30
    assert sorted(leaves(SITE['nav'])) == sorted(expected)


def test_every_public_name_is_in_the_reference_and_stands_where_it_is_said():
    text = '\n'.join(path.read_text() for path in ROOT.glob('docs/reference/*.md'))
    items = re.findall(r'^- \[`(\w+)`\]\(\.\./\.\./(.*)\)$', text, re.MULTILINE)
    for name, file in items:
        source = (ROOT / file).read_text(encoding='utf-8')
        assert re.search(rf'^(class|def) {name}\b', source, re.MULTILINE), (name, file)
    names = [name for name, _ in items]
    assert len(names) == len(set(names))
    public = set().union(*map(exported, PUBLIC))
    assert {'KTDASegmentor', 'FAM', 'SceneInferencer'} <= public
    assert public <= set(names)


@pytest.fixture(scope='module')
def site(tmp_path_factory) -> Path:
    for name in ('mkdocs', 'material', 'mkdocstrings_handlers', 'nbconvert'):
        pytest.importorskip(name, reason='needs the extra docs')
    folder = tmp_path_factory.mktemp('site')
    command = [sys.executable, '-m', 'mkdocs', 'build', '--strict', '--site-dir', folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_the_site_builds_strictly_and_shows_docstrings(site):
    losses = (site / 'reference' / 'losses' / 'index.html').read_text(encoding='utf-8')
    assert 'Kullback-Leibler divergence from student to teacher features.' in losses
    assert 'id="ktda_mmseg.models.losses.FeatureL2Loss"' in losses
    assert not list(site.rglob('*.log')) and not list(site.glob('results/**/*.json'))


def test_links_out_of_docs_lead_to_pages_or_say_the_file(site):
    install = (site / 'install' / 'index.html').read_text(encoding='utf-8')
    assert 'href="../#try-it"' in install
    configs = (site / 'configs' / 'index.html').read_text(encoding='utf-8')
    assert 'projects/cloud_baselines/README.md</code>' in configs
    assert '.md"' not in configs and '.md#' not in configs


def test_pages_load_nothing_from_elsewhere(site):
    loads = re.compile(r'<(?:script|img|link|iframe)[^>]+(?:src|href)="?(?:https?:)?//[^>]*>')
    pages = list(site.rglob('*.html'))
    assert len(pages) > 30
    assert not [(page, found) for page in pages for found in loads.findall(page.read_text())]

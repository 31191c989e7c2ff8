"""What the site of mkdocs.yml needs beyond Markdown that also reads well on GitHub."""

import os
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from nbconvert import MarkdownExporter

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r'(?<!!)\[([^\]]+)\]\(([^)\s:#]+)(#[^)\s]*)?\)')
# an item of docs/reference/: on GitHub a link to the source, here the docstring
REFERENCE = re.compile(r'^- \[`(\w+)`\]\((?:\.\./)+(ktda_mmseg/[\w/]+)\.py\)$', re.MULTILINE)
FENCED = re.compile(r'(^```.*?^```$)', re.DOTALL | re.MULTILINE)
# Sphinx roles in docstrings, as Markdown renders them
ROLE = re.compile(r':(?:class|data|func|meth):<code>~?(?:[\w.]*\.)?(\w+)</code>')
FIGURE = re.compile(r'<td>[-+]?\d[^<]{,24}</td>')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Make pages of files at the root of the repository, such as its README, and of notebooks."""
    for page, name in config.extra['root_pages'].items():
        if not name.endswith('.ipynb'):
            files.append(File.generated(config, page, abs_src_path=str(ROOT / name)))
            continue
        named = {'unique_key': Path(name).stem}
        text, found = MarkdownExporter().from_filename(str(ROOT / name), named)
        files.append(File.generated(config, page, content=text))
        for picture, content in found['outputs'].items():
            files.append(File.generated(config, f'{Path(page).parent}/{picture}', content=content))
    return files


def on_page_markdown(text: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Bring in docstrings, what a study drew, and links as they are on the site."""
    path = page.file.src_uri
    if re.fullmatch(r'results/\w+/README\.md', path):
        text += drawn(ROOT / 'docs' / path)
    text = REFERENCE.sub(lambda item: f'::: {item[2].replace("/", ".")}.{item[1]}', text)
    from_root = config.extra['root_pages']
    source = from_root.get(path, f'docs/{path}')
    repository = config.extra['repository']
    site = {from_root.get(f.src_uri, f'docs/{f.src_uri}'): f.src_uri for f in files}

    def mend(link: re.Match[str]) -> str:
        label, target = link[1], os.path.normpath(os.path.join(os.path.dirname(source), link[2]))
        if target in site:
            there = os.path.relpath(site[target], os.path.dirname(path) or '.')
            return f'[{label}]({there}{link[3] or ""})'
        if not (ROOT / target).exists():
            return link[0]  # for --strict to refuse
        if repository:
            return f'[{label}]({repository}/blob/HEAD/{target})'
        return label if target in label else f'{label} (`{target}`)'

    parts = FENCED.split(text)
    parts[::2] = [LINK.sub(mend, part) for part in parts[::2]]
    text = ''.join(parts)
    # pictures of a page that comes from the root
    return text.replace('](docs/', '](') if path in from_root else text


def on_page_content(html: str, **_: object) -> str:
    """Keep figures in tables on one line; show what docstrings refer to without Sphinx's markup."""
    html = FIGURE.sub(lambda cell: cell[0].replace(' ', '&nbsp;'), html)
    return ROLE.sub(r'<code>\1</code>', html)


def on_post_page(html: str, **_: object) -> str:
    """Name the search for screen readers, which the theme leaves without a name."""
    return html.replace('role="dialog"', 'role="dialog" aria-label="Search"')


def drawn(page: Path) -> str:
    """Return what a study left beside its tables: ways to the teacher, and pictures."""
    ways = [path.read_text(encoding='utf-8') for path in sorted(page.parent.glob('*/way.md'))]
    files = [
        path.relative_to(page.parent).as_posix() for path in page.parent.glob('*/pictures.jpg')
    ]
    pictures = [
        f'[![Test images, labels, predictions]({file})]({file})\n' for file in sorted(files)
    ]
    parts = ways and ['\n## On the way from the student alone to the frozen teacher\n', *ways]
    return '\n'.join([*parts, *(pictures and ['\n## Pictures\n', *pictures])])

"""README and the pages of docs/ as their tests read them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATTERNS = ('*.md', 'docs/*.md', 'docs/reference/*.md', 'docs/results/*/README.md')
PAGES = [page for pattern in PATTERNS for page in sorted(ROOT.glob(pattern))]
FENCED = re.compile(r'^```(\w*)\n(.*?)^```', re.DOTALL | re.MULTILINE)


def blocks_of(page: Path, *languages: str) -> list[str]:
    """Return the code of a page's blocks in these languages."""
    return [
        code
        for language, code in FENCED.findall(page.read_text(encoding='utf-8'))
        if language in languages
    ]


def all_blocks(*languages: str) -> list[tuple[str, str]]:
    """Return page and code of each block in these languages."""
    return [
        (str(page.relative_to(ROOT)), code)
        for page in PAGES
        for code in blocks_of(page, *languages)
    ]

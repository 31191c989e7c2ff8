"""What a page says, by the parser of the standard library."""

from base64 import b64decode
from collections import Counter
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
from PIL import Image

VOID = {'img', 'meta', 'input', 'link'}


class Page(HTMLParser):
    """A page that must be well-formed.

    Attributes:
        tables: By caption, rows of texts; scopes are checked.
        legends: Of each list, colours by name.
        swatches: Colours by what stands behind them in tables.
        facts: Values by name.
        pictures: Contents by ``alt``.
        folded: Titles of what is folded.
        tags: How often each occurs.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.legends: list[dict[str, str]] = []
        self.swatches: dict[str, str] = {}
        self.facts: dict[str, str] = {}
        self.pictures: dict[str, bytes] = {}
        self.folded: list[str] = []
        self.tags = Counter[str]()
        self._open: list[tuple[str, dict, list[str]]] = []
        self._rows: list[list[str]] = []
        self._colour = self._name = self._caption = ''
        self.feed(text)
        self.close()
        assert not self._open, self._open
        assert not set(self.tags) & {'script', 'link', 'iframe'}

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags[tag] += 1
        if tag == 'img':
            name, (head, _, content) = given['alt'], given['src'].partition(';base64,')
            assert name and head.startswith('data:image/')
            # a picture may be shown twice
            assert self.pictures.setdefault(name, b64decode(content)) == b64decode(content)
        elif given.get('class') == 'swatch':
            self._colour = given['style'].removeprefix('background:')
        elif given.get('class') == 'legend':
            self.legends.append({})
        elif tag in ('table', 'tr'):
            self._rows = [] if tag == 'table' else [*self._rows, []]
        if tag not in VOID:
            self._open.append((tag, given, []))

    def handle_data(self, data):
        for _, _, words in self._open:
            words.append(data)

    def handle_endtag(self, tag):
        found, given, words = self._open.pop()
        assert found == tag
        text = ''.join(words).strip()
        if tag == 'caption':
            self._caption = text
        elif tag in ('th', 'td'):
            head = len(self._rows) == 1
            first = not self._rows[-1]
            assert given.get('scope') == ('col' if head else 'row' if first else None)
            self._rows[-1].append(text)
            if tag == 'th' and self._colour:
                self.swatches[text], self._colour = self._colour, ''
        elif tag == 'table':
            assert self._caption and self._caption not in self.tables
            self.tables[self._caption], self._caption = self._rows, ''
        elif tag == 'li' and self._colour:
            self.legends[-1][text], self._colour = self._colour, ''
        elif tag == 'dt':
            self._name = text
        elif tag == 'dd' and given['class'] == 'value':
            self.facts[self._name] = text
        elif tag == 'summary' and 'open' not in self._open[-1][1]:
            self.folded.append(text)

    def pixels(self, name: str) -> np.ndarray:
        """Return a picture as (H, W, 3)."""
        return np.asarray(Image.open(BytesIO(self.pictures[name])).convert('RGB'))

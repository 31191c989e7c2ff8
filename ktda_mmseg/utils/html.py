"""HTML files that ask for no other file: jinja2 templates, with style and pictures inside.

``base.css`` is for all pages, that of ``ktda serve`` among them, ``page.css`` for those made here.
"""

import base64
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent


def render(template: Path, **values: object) -> str:
    """Fill in a template, which may extend ``page.html`` and import ``parts.html``; both lie here.

    All values are escaped; one that the template names and nobody gives is an error.
    """
    pages = Environment(
        loader=FileSystemLoader([template.parent, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters['data_url'] = _data_url
    return pages.get_template(template.name).render(values)


def _data_url(picture: bytes) -> str:
    """Turn a PNG or a JPEG into an address that holds all of it."""
    kind = 'png' if picture.startswith(b'\x89PNG') else 'jpeg'
    return f'data:image/{kind};base64,{base64.b64encode(picture).decode()}'

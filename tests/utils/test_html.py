"""Pages hold what they show; what is written into them is text and no markup."""

import base64

import pytest
from jinja2 import UndefinedError

from ktda_mmseg.utils.html import render

PNG, JPEG = b'\x89PNG and more', b'\xff\xd8 and more'
TEMPLATE = """\
{% extends 'page.html' %}
{% from 'parts.html' import figure, table %}
{% block content %}
{{ table(rows) }}{% for picture in pictures %}{{ figure(picture, 'a "b"') }}{% endfor %}
{% endblock %}
"""


def test_tables_are_escaped_and_pictures_inside(tmp_path):
    (tmp_path / 'test.html').write_text(TEMPLATE)
    values = dict(title='<T>', rows=[['<a>', 'b'], ['1', '&']], pictures=[PNG, JPEG])
    text = render(tmp_path / 'test.html', **values)
    assert '<title>&lt;T&gt;</title>' in text and '<h1>&lt;T&gt;</h1>' in text
    assert '<tr><th>&lt;a&gt;</th><th>b</th></tr>\n<tr><td>1</td><td>&amp;</td></tr>' in text
    for kind, picture in (('png', PNG), ('jpeg', JPEG)):
        assert f'src="data:image/{kind};base64,{base64.b64encode(picture).decode()}"' in text
    assert text.count('alt="a &#34;b&#34;"') == 2
    del values['rows']
    with pytest.raises(UndefinedError, match='rows'):
        render(tmp_path / 'test.html', **values)

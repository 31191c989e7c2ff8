"""Pages hold what they show; what is written into them is text and no markup."""

import re

import pytest
from jinja2 import UndefinedError

from ktda_mmseg.utils.html import render

from ..html_page import Page

PNG, JPEG = b'\x89PNG and more', b'\xff\xd8 and more'
TEMPLATE = """\
{% extends 'page.html' %}
{% from 'parts.html' import chart, facts, figure, folded, legend, table %}
{% block content %}
{{ facts(answer) }}{{ legend(colours) }}
{% call folded(title) %}{{ table(title, rows, colours) }}{% endcall %}
{% call folded('open', true) %}{{ chart(pictures[1], 'a "b"') }}{% endcall %}
{{ figure(title, {'c': pictures[0]}) }}
{% endblock %}
"""
VALUES = dict(
    title='<T>',
    answer=[('<n>', '<v>', '<w>')],
    colours={'<k>': '#010203', 'l': '#040506'},
    rows=[['<a>', 'b'], ['<k>', '&'], ['m', '2']],
    pictures=[PNG, JPEG],
)


@pytest.fixture
def template(tmp_path):
    (tmp_path / 'test.html').write_text(TEMPLATE)
    return tmp_path / 'test.html'


def test_all_is_escaped_and_pictures_are_inside(template):
    text = render(template, **VALUES)
    assert not re.search('<(T|n|v|w|k|a)>', text)
    page = Page(text)
    assert page.tables == {'<T>': VALUES['rows']}
    assert page.swatches == {'<k>': '#010203'} and page.legends == [VALUES['colours']]
    assert page.facts == {'<n>': '<v>'}
    assert page.pictures == {'a "b"': JPEG, 'c': PNG}
    assert 'image/jpeg;' in text and 'image/png;' in text
    assert page.folded == ['<T>'] and page.tags['details'] == 2
    assert page.tags['main'] == page.tags['h1'] == 1


def test_pages_ask_for_no_other_file_and_suit_the_dark_and_paper(template):
    text = render(template, **VALUES)
    assert not re.search(r'(?:src|href)="(?!data:)|url\(|@import', text)
    assert 'color-scheme: light dark' in text and '@media print' in text


def test_a_value_that_nobody_gives_is_an_error(template):
    with pytest.raises(UndefinedError, match='answer'):
        render(template, **{key: VALUES[key] for key in VALUES if key != 'answer'})

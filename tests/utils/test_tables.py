"""Tables as text."""

from ktda_mmseg.utils.tables import aligned, markdown_table

ROWS = [('name', 'n'), ['a', '12']]


def test_columns_end_at_the_same_place():
    assert aligned(ROWS) == 'name   n\n   a  12'


def test_markdown_has_a_rule_below_the_titles():
    assert markdown_table(ROWS) == '| name | n |\n| --- | --- |\n| a | 12 |'

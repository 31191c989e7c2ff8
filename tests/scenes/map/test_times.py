"""Times of ISO 8601 become what STAC has for them."""

import pytest

from ktda_mmseg.scenes.map.times import parse_time

pytest.importorskip('pystac')


@pytest.mark.parametrize(
    ('text', 'moment'),
    [
        ('2024-05-31T10:20:30Z', '2024-05-31T10:20:30Z'),
        ('2024-05-31T10:20:30', '2024-05-31T10:20:30Z'),
        ('20240531T102030+0530', '2024-05-31T04:50:30Z'),
        ('2024-05-31T23:59-02:00', '2024-06-01T01:59:00Z'),
    ],
)
def test_a_moment(text, moment):
    assert parse_time(text) == {'datetime': moment}


@pytest.mark.parametrize(
    ('text', 'start', 'end'),
    [
        ('2024-02-29', '2024-02-29T00:00:00Z', '2024-02-29T23:59:59Z'),
        ('20240229', '2024-02-29T00:00:00Z', '2024-02-29T23:59:59Z'),
        ('2024-05-31/2024-06-02', '2024-05-31T00:00:00Z', '2024-06-02T23:59:59Z'),
        ('2024-05-31T10:00Z/2024-05-31', '2024-05-31T10:00:00Z', '2024-05-31T23:59:59Z'),
    ],
)
def test_a_span(text, start, end):
    assert parse_time(text) == dict(datetime=None, start_datetime=start, end_datetime=end)


@pytest.mark.parametrize(
    'text',
    [
        'scene.tif', '2024', '2024-05', '2024-W18', '2023-02-29', '2024-05-31/', '2024-05-31/..',
        '2024-06-01/2024-05-31', '2024-05-31/2024-06-01/2024-06-02', '31.05.2024', '',
        '0001-01-01T00:00+05:00',
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r'START/END of ISO 8601, got ') as caught:
        parse_time(text)
    assert str(caught.value).endswith(repr(text))

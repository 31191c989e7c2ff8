"""When a scene was taken, as the properties of a STAC item say it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from ktda_mmseg.utils.extras import needed_for

KEYS = ('datetime', 'start_datetime', 'end_datetime')
DAY = re.compile(r'\d{4}-?\d\d-?\d\d')
Time = Mapping[str, str | None]  # some of the keys, or all


def parse_time(text: str) -> Time:
    """Read a time of ISO 8601; where it names no zone, it is that of UTC.

    Args:
        text (str): A date, which is its whole day, a date-time, or ``START/END`` of these.

    Returns:
        Time: Properties of an item: one moment, or where it starts and ends.

    Raises:
        ImportError: If pystac is not installed.
        ValueError: If it is no such time, or ends before it starts.
    """
    with needed_for('the time of a STAC item', extra='stac'):
        from pystac.utils import datetime_to_str
    start, _, stop = text.partition('/')
    try:
        first, last = _span(start)[0], _span(stop if '/' in text else start)[1]
        if last < first:
            raise ValueError
    except (ValueError, OverflowError):
        raise ValueError(
            f'expected a date, a date-time or START/END of ISO 8601, got {text!r}'
        ) from None
    if first == last:
        return {'datetime': datetime_to_str(first)}
    return dict(zip(KEYS, (None, datetime_to_str(first), datetime_to_str(last)), strict=True))


def _span(text: str) -> tuple[datetime, datetime]:
    """Return the first and the last second of a day, or a moment twice."""
    from pystac.utils import str_to_datetime

    day = DAY.match(text)
    # of a month or a week it would be the first day; what reads times differs by Python's version
    if day is None or '/' in text:
        raise ValueError
    moment = str_to_datetime(text)
    zone = timezone.utc
    moment = moment.replace(tzinfo=moment.tzinfo or zone).astimezone(zone)
    return moment, moment + timedelta(seconds=86399 if day[0] == text else 0)

"""A package that is not there is named together with what brings it."""

import sys

import pytest

from ktda_mmseg.utils.extras import needed_for


@pytest.mark.parametrize(
    ('options', 'command'),
    [(dict(extra='raster'), r"'ktda-mmseg\[raster\]'"), (dict(install='shapes'), 'shapes')],
)
def test_the_extra_or_the_package_is_named(monkeypatch, options, command):
    monkeypatch.setitem(sys.modules, 'shapely', None)
    with (
        pytest.raises(ImportError, match=f'^drawing needs shapely: pip install {command}$') as told,
        needed_for('drawing', **options),
    ):
        import shapely.geometry  # noqa: F401
    assert told.value.name.startswith('shapely')


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), needed_for('drawing', extra='raster'):
        _ = 1 / 0

"""Names and colours of a map's classes, as programs that show maps look for them beside it."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from ktda_mmseg.raster.colours import hex_colour
from ktda_mmseg.utils.files import write_atomic

from .card import ModelCard

# columns of GDAL's attribute table: name, type (0 is a whole number, 2 text) and usage
COLUMNS = (
    ('Value', 0, 5),
    ('Class', 2, 2),
    ('Red', 0, 6),
    ('Green', 0, 7),
    ('Blue', 0, 8),
)


def gdal_legend(card: ModelCard) -> list[Element]:
    """Return what a band of ``.aux.xml`` holds: names of categories, and an attribute table."""
    names = Element('CategoryNames')
    table = Element('GDALRasterAttributeTable', tableType='thematic')
    for index, (name, kind, usage) in enumerate(COLUMNS):
        column = SubElement(table, 'FieldDefn', index=str(index))
        for tag, content in (('Name', name), ('Type', kind), ('Usage', usage)):
            SubElement(column, tag).text = str(content)
    for label, (name, colour) in enumerate(zip(card.classes, card.palette, strict=True)):
        SubElement(names, 'Category').text = name
        row = SubElement(table, 'Row', index=str(label))
        for content in (label, name, *colour):
            SubElement(row, 'F').text = str(content)
    return [names, table]


def write_style(card: ModelCard, path: Path) -> None:
    """Write a style of QGIS, as a whole or not at all; QGIS takes the one of the map's name."""
    root = Element('qgis', version='3.22', styleCategories='Symbology')
    renderer = SubElement(
        SubElement(root, 'pipe'), 'rasterrenderer', type='paletted', band='1', opacity='1'
    )
    palette = SubElement(renderer, 'colorPalette')
    for label, (name, colour) in enumerate(zip(card.classes, card.palette, strict=True)):
        given = dict(value=str(label), color=hex_colour(colour), alpha='255', label=name)
        SubElement(palette, 'paletteEntry', given)
    head = b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    write_atomic(path, head + tostring(root, encoding='utf-8', xml_declaration=False))

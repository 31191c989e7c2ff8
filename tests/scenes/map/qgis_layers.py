"""Print as JSON what QGIS makes of rasters; for the Python that has it, not for pytest."""

import json
import sys

from qgis.core import (
    QgsApplication,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def described(path):
    """Return a layer's renderer and classes, and its picture, a pixel each: rows of RGBA."""
    layer = QgsRasterLayer(path, 'layer')
    renderer, data = layer.renderer(), layer.dataProvider()
    told = dict(
        valid=layer.isValid(),
        renderer=renderer.type(),
        crs=layer.crs().authid(),
        nodata=data.sourceNoDataValue(1),
        bands=[data.generateBandName(band + 1) for band in range(layer.bandCount())],
        values=values(data, layer),
        picture=picture(layer),
    )
    if isinstance(renderer, QgsPalettedRasterRenderer):
        told['classes'] = [(one.value, one.label, one.color.getRgb()) for one in renderer.classes()]
    return told


def values(data, layer):
    """Return the first band as QGIS has it, scaled; None where there are no data."""
    block = data.block(1, layer.extent(), layer.width(), layer.height())
    rows, columns = range(layer.height()), range(layer.width())
    return [
        [None if block.isNoData(row, column) else block.value(row, column) for column in columns]
        for row in rows
    ]


def picture(layer):
    """Render a layer in its own pixels over nothing."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(layer.extent())
    settings.setOutputSize(QSize(layer.width(), layer.height()))
    settings.setBackgroundColor(QColor(0, 0, 0, 0))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    rows, columns = range(image.height()), range(image.width())
    return [[image.pixelColor(column, row).getRgb() for column in columns] for row in rows]


application = QgsApplication([], False)
application.initQgis()
print(json.dumps([described(path) for path in sys.argv[1:]]), flush=True)
application.exitQgis()

"""Labels of annotation tools as a source of masks."""

from pathlib import Path

from ktda_mmseg.raster.tiling import Window
from ktda_mmseg.scenes.prepare.annotations.drawing import Annotated, Drawing, Shape
from ktda_mmseg.scenes.prepare.annotations.source import AnnotationLabels
from ktda_mmseg.scenes.prepare.label_file import read_label_map
from ktda_mmseg.scenes.prepare.scenes import Scene


def test_what_was_drawn_on_an_image_is_read_once_for_all_rows_of_its_tiles(tmp_path):
    (tmp_path / 'classes.yaml').write_text('classes: {land: {labels: [a]}, water: {labels: [b]}}')
    scene = Scene('s', Path('s.tif'), 30, 40, (1, 2, 3), 'uint8', False, (1, 40), 3, None)
    read = []

    def draw(size):
        read.append(size)
        return Drawing(size, [Shape('b', [(0, 0), (40, 0), (40, 30), (0, 30)])])

    drawn = {'s': Annotated(Path('s.json'), ('s',), 's.json', draw)}
    labels = AnnotationLabels('labelme', drawn, [scene], read_label_map(tmp_path / 'classes.yaml'))
    for top in (0, 10, 20):
        with labels.on(scene) as mask_of:
            assert (mask_of(Window(top, 0, 10, 40)) == 1).all()
    assert read == [(30, 40)]

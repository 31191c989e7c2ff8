"""L8-Biome clouds, from full Landsat 8 scenes or from the sample of tiles, with class masks."""

from pathlib import Path

from ...datasets.l8_biome import L8BiomeDataset
from .l8_biome_pixels import choose_encoding
from .l8_biome_sample import is_sample, sample_jobs
from .l8_biome_scenes import divide_scenes, scene_jobs
from .landsat_scene import find_scenes
from .layout import write_layout
from .summary import Summary

TILE = 512


def prepare(
    source: Path,
    out: Path | None = None,
    bands: str = 'rgb',
    stretch: str = 'minmax',
    tile: int | None = None,
    splits: Path | None = None,
    seed: int = 0,
) -> Summary:
    """Write tiles as 8-bit RGB, or with eight bands in 16 bits, and their masks.

    Bands: red, green, blue, NIR, SWIR1, SWIR2, cirrus, TIR1. In 16 bits reflectance is stored in
    1/10,000, TIR1 in 1/100 kelvin, and 0 is nodata.

    Args:
        source (Path): Folder with scenes as USGS publishes them, ``LC8*/`` in it or below it, with
            ``LC8*_B*.TIF``, ``LC8*_MTL.txt`` and ``LC8*_fixedmask.img``; or that of the sample,
            ``{train,val,test}/{Images,Masks}/*.tif``.
        out (Path | None): Folder to create. Default: ``data/l8_biome``, with ``_sample`` and
            ``_8band`` added as they apply.
        bands (str): 'rgb' or 'all'. Default: 'rgb'.
        stretch (str): For RGB: 'minmax', per tile as the authors did, or 'LOW,HIGH', the
            reflectance that becomes 0 and 255. Default: 'minmax'.
        tile (int | None): Side of a scene's tiles in pixels. Default: 512.
        splits (Path | None): YAML or JSON with a list of scenes for each of train, val and test.
            Default: 60 to 20 to 20, each biome alike.
        seed (int): Another seed, another division of the scenes. Default: 0.

    Returns:
        Summary: What was written, and what was left out.

    Raises:
        FileNotFoundError: If a folder or a file is missing.
        ImportError: If rasterio is not installed.
        ValueError: If an argument is outside its range, a file cannot be read, sizes differ, or a
            mask holds a value that is no label.
    """
    encoding = choose_encoding(bands, stretch)
    settings: dict[str, object] = {'set': 'l8_biome', 'source': str(source.resolve())}
    settings |= {'bands': [*encoding.bands]} | encoding.settings
    if is_sample(source):
        if tile is not None or splits or seed:
            raise ValueError(f'{source}: expected scenes to tile and divide, found the sample')
        name = 'l8_biome_sample'
        jobs, notes = sample_jobs(source, encoding)
    elif scenes := find_scenes(source):
        name = 'l8_biome'
        division, notes = divide_scenes(scenes, splits, seed)
        size = TILE if tile is None else tile
        jobs = scene_jobs(scenes, division, encoding, size)
        settings |= {'tile': size, 'splits': division}
    else:
        raise FileNotFoundError(
            f'{source}: expected scenes in folders LC8*, each with files LC8*_B4.TIF, '
            f'LC8*_MTL.txt and so on, or tiles in {{train,val,test}}/Images; found neither'
        )
    out = out or Path('data', name + ('_8band' if bands == 'all' else ''))
    summary = write_layout(out, jobs, settings, L8BiomeDataset.METAINFO['classes'], encoding.suffix)
    summary.notes += notes
    return summary

"""Maps of whole scenes, any number and size, by one process or many."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ktda_mmseg.raster.files import Nodata
from ktda_mmseg.raster.imagery import tell_alpha
from ktda_mmseg.utils.files import require_space
from ktda_mmseg.version import __version__

from .claims import Claims
from .distribution import Ranks, Share, runs, share
from .identity import identity_of
from .predictor import Predictor
from .products import Products, is_finished, keep, publish, require_folder, write_products
from .reading import SceneReader, ahead
from .resampling import oddity, size_of
from .scene_job import SceneJob, SceneResult, reported
from .sources import find_scenes
from .strips import NODATA, PRODUCTS, StripStore, finished, predict_strips
from .windows import Grid, axis


class SceneInferencer:
    """Predicts scenes window by window and writes their maps.

    Strips of the map are kept on disk as they are finished. A run that was ended in any way goes on
    with them, as long as scene, model and settings are the same, and ends in the same bytes. What
    another process is at work on is left to it.
    Under torchrun, processes share the strips; join their group before.

    Args:
        predictor (Predictor): The model.
        overlap (int | None): Pixels that neighbouring windows share at least; None for a quarter
            of a window.
        window (tuple[int, int] | None): Height and width of a window in pixels; None for what the
            model was trained on.
        batch_size (int): Windows to predict at once. Default: 8.
        products (Products): What to write besides the map and its summary.
        bands (Sequence[int] | None): Bands of the scenes, counted from 1, that stand for those that
            the model was trained on; None for the same ones. Default: None.
        nodata (float | str | None): Which pixels hold no data, see ``LoadRasterFromFile``; None for
            the model's rule. Default: None.
        gsd (float | str | None): Metres on the ground that a pixel of what the model sees measures,
            or 'trained' for those that it was trained on; maps have the scenes' own pixels. None
            for the scenes as they are. Default: None.

    Raises:
        ValueError: If a number is out of its range, or the model has more than 255 classes.
    """

    def __init__(
        self,
        predictor: Predictor,
        overlap: int | None = None,
        window: tuple[int, int] | None = None,
        batch_size: int = 8,
        products: Products = Products(),  # noqa: B008
        bands: Sequence[int] | None = None,
        nodata: Nodata = None,
        gsd: float | str | None = None,
    ) -> None:
        self.card = predictor.card if nodata is None else replace(predictor.card, nodata=nodata)
        self.predictor, self.batch_size, self.products = predictor, batch_size, products
        self.bands = tuple(bands or predictor.card.bands)
        self.window = predictor.card.window if window is None else window
        if min(self.window) < 1:
            raise ValueError(f'expected a window of at least 1 pixel, got {min(self.window)}')
        self.overlap = min(self.window) // 4 if overlap is None else overlap
        axis(1, min(self.window), self.overlap)  # raises if one does not fit the other
        if batch_size < 1:
            raise ValueError(f'expected a batch of at least 1 window, got {batch_size}')
        if len(predictor.card.classes) > NODATA:
            raise ValueError(
                f'expected at most {NODATA} classes, which maps of 8 bits hold, got '
                f'{len(predictor.card.classes)}'
            )
        self.ground_size = size_of(gsd, predictor.card.ground_size)

    def __call__(
        self, scenes: Mapping[str, Path] | Sequence[str | Path], out: str | Path
    ) -> list[SceneResult]:
        """Map scenes; those of which the products are there already are left as they are.

        Args:
            scenes (Mapping[str, Path] | Sequence[str | Path]): Files by the names of their maps, or
                what :func:`~.sources.find_scenes` takes: files, folders, globs, lists and so on.
            out (str | Path): Folder of the products; made if need be.

        Returns:
            list[SceneResult]: What became of each scene; one that failed stops no other. The same
            in all processes.

        Raises:
            FileNotFoundError: If there is no scene where one is named.
            ImportError: If rasterio, or what a product needs, is not installed.
            OSError: If the folder cannot be written to.
            ValueError: If two scenes would get the same files.
        """
        with Claims(Path(out)) as claims:
            return self._map(scenes, Path(out), claims)

    def _map(
        self, scenes: Mapping[str, Path] | Sequence[str | Path], out: Path, claims: Claims
    ) -> list[SceneResult]:
        ranks = Ranks()
        plans = ranks.gather(self._plans(scenes, out, claims) if ranks.rank == 0 else [])[0]
        jobs = [plan for plan in plans if isinstance(plan, SceneJob)]
        missing, widths = [job.missing for job in jobs], [job.grid.width for job in jobs]
        mine = [
            (jobs[part.scene], part) for part in share(missing, widths, ranks.count)[ranks.rank]
        ]
        results: dict[str, SceneResult] = {}
        pixels = sum(job.pixels(part.strips) for job, part in mine)
        look = dict(
            desc='Mapping', unit='px', unit_scale=True, disable=ranks.rank > 0 or not pixels
        )
        with tqdm(total=pixels, **look) as progress:
            for job, part in mine:
                with reported(job.name, job.path, results):
                    self._predict(job, part, progress)
                    if part.alone:
                        results[job.name] = self._finish(job)
        failed = {name for others in ranks.gather(results) for name in others if others[name].error}
        for job, part in mine:
            if part.finishes and not part.alone and job.name not in failed:
                with reported(job.name, job.path, results):
                    results[job.name] = self._finish(job)
        everywhere = ranks.gather(results)
        return [
            plan if isinstance(plan, SceneResult) else plan.result(everywhere) for plan in plans
        ]

    def _plans(
        self, scenes: Mapping[str, Path] | Sequence[str | Path], out: Path, claims: Claims
    ) -> list[SceneJob | SceneResult]:
        """Look at every scene, and at what is there of its map."""
        found = scenes if isinstance(scenes, Mapping) else find_scenes(scenes, apart=[out])
        require_folder(out)
        # 'a' with its probabilities, and a scene that is called 'a.probabilities'
        files = Counter(file for name in found for file in self.products.paths(out, name).values())
        for file, count in files.items():
            if count > 1:
                raise ValueError(f'{file}: expected it of one scene, found two that would write it')
        plans: dict[str, SceneJob | SceneResult] = {}
        for name, path in found.items():
            with reported(name, path, plans):
                plans[name] = self._plan(name, path, out, claims)
        return list(plans.values())

    def _plan(self, name: str, path: Path, out: Path, claims: Claims) -> SceneJob | SceneResult:
        files = self.products.paths(out, name)
        folder = out / f'{name}.strips'
        with self._open(path) as reader:
            shape, pixel = reader.shape, reader.ground_size()
            doubtful = reader.doubtful_alpha()
        grid = Grid(*shape, self.window, self.overlap)
        store = StripStore(folder, self._settings(path), grid.strips)
        if is_finished(path, files, store.settings, folder) and not folder.exists():
            keep(path, files)
            return SceneResult(path, files, kept=True)
        if not claims.take(name):
            raise ValueError(
                f'{path}: another command is at work on its map in {out}; wait until it is done, '
                'or name another folder'
            )
        # which another command may have finished meanwhile
        if is_finished(path, files, store.settings, folder):
            store.remove()
            return SceneResult(path, files, kept=True)
        if doubtful is not None:
            print(tell_alpha(path, doubtful))
        if self.ground_size is None and (odd := oddity(pixel, self.card.ground_size)):
            tqdm.write(f'warning: {path}: {odd}', file=sys.stderr)
        store.prepare()
        return SceneJob(name, path, grid, store, store.missing(), files)

    def _open(self, path: Path) -> SceneReader:
        return SceneReader(path, self.card, self.bands, self.ground_size)

    def _settings(self, path: Path) -> dict[str, Any]:
        """Return all that decides the products of a scene."""
        layers, polygons, quicklook = self.products
        return {
            'version': __version__,
            'scene': identity_of(path),
            'model': self.predictor.identity,
            'bands': list(self.bands),
            'nodata': self.card.nodata,
            'ground_size': self.ground_size and list(self.ground_size),
            'window': list(self.window),
            'overlap': self.overlap,
            'batch_size': self.batch_size,
            'layers': layers._asdict(),
            PRODUCTS: {'polygons': polygons and polygons._asdict(), 'quicklook': quicklook},
        }

    def _predict(self, job: SceneJob, part: Share, progress: tqdm) -> None:
        """Predict and keep strips."""
        layers, card = self.products.layers, self.predictor.card
        # products are made of drafts of their size
        size = job.pixels(part.strips) + 2 * part.finishes * job.grid.height * job.grid.width
        with ThreadPoolExecutor(1) as writer, self._open(job.path) as reader:
            own = reader.profile.height * reader.profile.width / prod(reader.shape)
            each = layers.bytes_per_pixel(len(card.classes))
            require_space(job.store.folder, round(size * own * each))
            for first, stop in runs(part.strips):
                blended = predict_strips(
                    reader, self.predictor, job.grid, first, stop, self.batch_size
                )
                strips = (finished(one, layers, reader, job.grid) for one in blended)
                for pixels in ahead(writer, job.keep, strips):
                    progress.update(pixels)

    def _finish(self, job: SceneJob) -> SceneResult:
        """Make the products of all strips, and bring them to their names."""
        if identity_of(job.path) != job.store.settings['scene']:
            raise ValueError(f'{job.path}: expected it unchanged, found another version; run again')
        with self._open(job.path) as reader:
            profile = reader.profile
        for note in profile.notes():
            tqdm.write(f'note: {job.path}: {note}', file=sys.stderr)
        staged = job.store.folder / PRODUCTS
        card = self.predictor.card
        write_products(self.products, profile, card, job.store, staged, job.name)
        publish(staged, job.files)
        job.store.remove()
        return SceneResult(job.path, job.files)

"""Maps of whole scenes, any number and size, by one worker or many."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ktda_mmseg.raster.files import Nodata
from ktda_mmseg.raster.imagery import tell_alpha
from ktda_mmseg.utils.claims import claim
from ktda_mmseg.utils.files import require_space
from ktda_mmseg.utils.workers import HERE, Workers
from ktda_mmseg.version import __version__

from .identity import identity_of
from .predictor import Predictor
from .products import Products, is_finished, keep, publish, require_folder, write_products
from .reading import SceneReader, ahead
from .resampling import oddity, size_of
from .scene_job import Piece, SceneJob, SceneResult, Seen, failure, pieces_of, runs
from .sources import find_scenes
from .strips import LOCK, NODATA, PRODUCTS, StripStore, finished, predict_strips
from .windows import Grid, axis


class SceneInferencer:
    """Predicts scenes window by window and writes their maps.

    Strips of the map are kept on disk as they are finished. A run that was ended in any way goes on
    with them, as long as scene, model and settings are the same, and ends in the same bytes. What
    another process is at work on is left to it.
    Workers share scenes, and strips of scenes where these are few.

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
        workers (Workers): Who predicts; the model is pickled for them. Default: this process.

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
        workers: Workers = HERE,
    ) -> None:
        self.workers = workers
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
        if not 0 <= products.layers.min_confidence <= 1:
            raise ValueError(
                f'expected a lowest confidence from 0 to 1, got {products.layers.min_confidence:g}'
            )
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
            list[SceneResult]: What became of each scene; one that failed stops no other.

        Raises:
            FileNotFoundError: If there is no scene where one is named.
            ImportError: If rasterio, or what a product needs, is not installed.
            OSError: If the folder cannot be written to.
            ValueError: If two scenes would get the same files.
        """
        plans = self._plans(scenes, Path(out))
        jobs = [plan for plan in plans.values() if isinstance(plan, SceneJob)]
        results = {name: plan for name, plan in plans.items() if isinstance(plan, SceneResult)}
        for result in results.values():
            _tell(result)
        with ExitStack() as claims:
            pieces = pieces_of(jobs, self.workers.size() if jobs else 1)
            # whoever makes a whole map claims it; this process does where workers share one
            for job in {piece.job.name: piece.job for piece in pieces if not piece.whole}.values():
                _attempt(results, job, self._begin, claims)
            pieces = [piece for piece in pieces if piece.job.name not in results]
            seen = Seen(jobs, results)
            found = self.workers.map(self._do, pieces, total=seen.total, unit='px', done=seen)
            for piece, made in zip(pieces, found, strict=True):
                job = piece.job
                if made is not None and job.name not in results:
                    results[job.name] = made
                    _tell(made)
                if piece.last and job.name not in results:
                    _attempt(results, job, self._finish)
        return [results[name] for name in plans]

    def _plans(
        self, scenes: Mapping[str, Path] | Sequence[str | Path], out: Path
    ) -> dict[str, SceneJob | SceneResult]:
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
            try:
                plans[name] = self._plan(name, path, out)
            except (ValueError, OSError) as error:
                plans[name] = failure(path, error)
        return plans

    def _plan(self, name: str, path: Path, out: Path) -> SceneJob | SceneResult:
        files = self.products.paths(out, name)
        folder = out / f'{name}.strips'
        with self._open(path) as reader:
            shape, pixel = reader.shape, reader.ground_size()
            doubtful = reader.doubtful_alpha()
        grid = Grid(*shape, self.window, self.overlap)
        store = StripStore(folder, self._settings(name, path), grid.strips)
        if is_finished(path, files, store.settings, folder) and not folder.exists():
            keep(path, files)
            return SceneResult(path, files, kept=True)
        if doubtful is not None:
            print(tell_alpha(path, doubtful))
        if self.ground_size is None and (odd := oddity(pixel, self.card.ground_size)):
            tqdm.write(f'warning: {path}: {odd}', file=sys.stderr)
        return SceneJob(name, path, grid, store, store.missing(), files)

    def _open(self, path: Path) -> SceneReader:
        return SceneReader(path, self.card, self.bands, self.ground_size)

    def _do(self, piece: Piece) -> SceneResult | None:
        """Predict strips and, if that is all of a scene, make its products."""
        job = piece.job
        try:
            if not piece.whole:
                self._predict(job, piece.strips)
                return None
            with ExitStack() as claims:
                kept = self._begin(job, claims)
                if kept is not None:
                    return kept
                self._predict(job, range(len(job.grid.strips)))
                return self._finish(job)
        except (ValueError, OSError) as error:
            return failure(job.path, error)

    def _begin(self, job: SceneJob, claims: ExitStack) -> SceneResult | None:
        """Claim a scene until the claims end; return what another command has made meanwhile."""
        lock = claim(job.store.folder / LOCK)
        if lock is None:
            raise ValueError(
                f'{job.path}: another command is at work on its map in {job.store.folder.parent}; '
                'wait until it is done, or name another folder'
            )
        claims.callback(lock.release)
        if is_finished(job.path, job.files, job.store.settings, job.store.folder):
            job.store.remove()
            return SceneResult(job.path, job.files, kept=True)
        job.store.prepare()
        return None

    def _settings(self, name: str, path: Path) -> dict[str, Any]:
        """Return all that decides the products of a scene."""
        layers, polygons, quicklook, stac = self.products
        return {
            'version': __version__,
            'scene': identity_of(path),
            'model': self.predictor.identity,
            'bands': list(self.bands),
            'nodata': self.card.nodata,
            'ground_size': self.ground_size and list(self.ground_size),
            'window': list(self.window),
            'overlap': self.overlap,
            'temperature': self.card.temperature,
            'batch_size': self.batch_size,
            'layers': layers._asdict(),
            PRODUCTS: {
                'polygons': polygons and polygons._asdict(),
                'quicklook': quicklook,
                'stac': stac and stac.time(name),
            },
        }

    def _predict(self, job: SceneJob, strips: Sequence[int]) -> None:
        """Predict and keep strips that are not there yet."""
        layers, card = self.products.layers, self.predictor.card
        missing = set(job.store.missing())
        strips = [strip for strip in strips if strip in missing]
        # products are made of drafts of their size
        size = job.pixels(strips) + 2 * job.grid.height * job.grid.width
        size *= layers.bytes_per_pixel(len(card.classes))
        one, other = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        with self._open(job.path) as reader, one as thread, other as writer:
            own = reader.profile.height * reader.profile.width / prod(reader.shape)
            require_space(job.store.folder, round(size * own))
            for first, stop in runs(strips):
                blended = predict_strips(
                    reader, self.predictor, job.grid, first, stop, self.batch_size, thread
                )
                kept = (
                    finished(strip, layers, card.temperature, reader, job.grid) for strip in blended
                )
                for _ in ahead(writer, job.keep, kept):
                    pass

    def _finish(self, job: SceneJob) -> SceneResult:
        """Make the products of all strips, and bring them to their names."""
        if identity_of(job.path) != job.store.settings['scene']:
            raise ValueError(f'{job.path}: expected it unchanged, found another version; run again')
        with self._open(job.path) as reader:
            profile = reader.profile
        staged = job.store.folder / PRODUCTS
        card = self.predictor.card
        write_products(self.products, profile, card, job.store, staged, job.name)
        publish(staged, job.files)
        job.store.remove()
        return SceneResult(job.path, job.files, notes=tuple(profile.notes()))


def _attempt(
    results: dict[str, SceneResult],
    job: SceneJob,
    step: Callable[..., SceneResult | None],
    *arguments: ExitStack,
) -> None:
    """Do a step of a scene here, and note what came of it."""
    try:
        result = step(job, *arguments)
    except (ValueError, OSError) as error:
        result = failure(job.path, error)
    if result is not None:
        results[job.name] = result
        _tell(result)


def _tell(result: SceneResult) -> None:
    """Say at once what is wrong with a scene, or what is to be known of its map."""
    if result.error is not None:
        tqdm.write(f'failed: {result.error}', file=sys.stderr)
    for note in result.notes:
        tqdm.write(f'note: {result.path}: {note}', file=sys.stderr)

"""Published sets, and the way from a name to a folder, going on wherever an earlier run stopped."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse
from zipfile import is_zipfile

from filelock import FileLock, Timeout

from ktda_mmseg.utils.downloading import fetch
from ktda_mmseg.utils.files import hash_of, require_space, write_json

from .unpacking import DamagedArchiveError, unpack

_HUB = 'https://huggingface.co/datasets/XavierJiezou/ktda-datasets'
_NON_COMMERCIAL = 'CC BY-NC 4.0: no commercial use'
_CHECK_AND_TRAIN = (
    'ktda check ktda_mmseg::ktda/{config}.py && '
    'ktda train ktda_mmseg::ktda/{config}.py  # both read {folder}'
)


@dataclass(frozen=True)
class PublishedSet:
    """One archive that holds a set."""

    title: str
    url: str
    size: int  # bytes to transfer, about
    licence: str  # as its publisher states it
    holds: tuple[str, ...]  # folders that tell the set's root from all else in the archive
    out: str  # where to put it by default
    then: str  # what to do next; {out} stands for the folder
    content: str = ''  # content_digest of the root


# The hub states the SHA-256 of its files when they are fetched. GitHub packs a commit anew now and
# then: its archives differ, but not what is in them, hence `content`.
SETS = {
    'grass': PublishedSet(
        title='grassland in five grades of cover, 256x256 pixels, RGB',
        url=f'{_HUB}/resolve/main/grass.zip',
        size=180_000_000,
        licence=_NON_COMMERCIAL,
        holds=('img_dir/train', 'img_dir/val', 'ann_dir/train', 'ann_dir/val'),
        out='data/grass',
        then=_CHECK_AND_TRAIN.format(config='grass', folder='data/grass'),
    ),
    'cloud': PublishedSet(
        title='L8-Biome, Landsat 8 clouds in four classes, 512x512 pixels, RGB',
        url=f'{_HUB}/resolve/main/cloud.zip',
        size=2_800_000_000,
        licence=_NON_COMMERCIAL,
        holds=('img_dir/train', 'img_dir/val', 'img_dir/test', 'ann_dir/train', 'ann_dir/test'),
        out='data/l8_biome',
        then=_CHECK_AND_TRAIN.format(config='cloud', folder='data/l8_biome'),
    ),
    'l8_biome_sample': PublishedSet(
        title='29 Landsat 8 tiles of L8-Biome with eight bands',
        url='https://codeload.github.com/LK-Peng/CNN-based-Cloud-Detection-Methods/zip/'
        '1393a6886e62f1ed5a612d57c5a725c763a6b2cc',
        size=42_000_000,
        licence='MIT',
        holds=('train/Images', 'train/Masks', 'val/Images', 'test/Images'),
        out='data/raw/l8_biome_sample',
        then='ktda prepare l8_biome {out}',
        content='915be1b45b13be71b62732108b397cebac64cdd134bb54b8d69e2f776f2cf9e0',
    ),
    'dubai': PublishedSet(
        title='Dubai land cover, 72 satellite images in eight mosaics',
        url='https://codeload.github.com/nive927/Dubai-Satellite-Imagery-Multiclass-Segmentation/'
        'zip/b36fd266e363806d5c530089018fbf46dfd1befe',
        size=93_000_000,
        licence='none stated there; a public re-upload of the set states CC0',
        holds=tuple(f'Tile {number}/images' for number in range(1, 9)),
        out='data/raw/dubai',
        then='ktda prepare dubai {out}',
        content='8fa3db151c162fdccb887a552defa85f6878a4962099cc58b0cc743ac01f3b8e',
    ),
}


RECORD = 'download.json'


def download(
    name: str,
    out: Path | None = None,
    url: str = '',
    root: str = '',
    keep_archive: bool = False,
) -> str:
    """Fetch, verify and unpack a published set.

    All happens in ``<out>.download``, from where the whole set moves to ``out``; a run that was
    stopped goes on there. ``out`` holds a record of what was fetched, ``download.json``.

    Args:
        name (str): A key of ``catalogue.SETS``.
        out (Path | None): Folder to create. By default the set's own.
        url (str): Address of the archive, if it is not to come from its publisher.
        root (str): Address of a mirror of the publisher's server; the rest of the address stays.
        keep_archive (bool): Leave the archive beside ``out``. Default: False.

    Returns:
        str: What there is now, and what to do next.

    Raises:
        OSError: If the disk has too little room, ``out`` is something else, or another process
            works on it.
        ValueError: If there is no such set, it could not be fetched, or what came is damaged or
            not safe to unpack.
    """
    if name not in SETS:
        raise ValueError(f'expected one of {", ".join(SETS)}, got {name}')
    entry = SETS[name]
    out = out or Path(entry.out)
    if root:
        url = root.rstrip('/') + urlparse(entry.url).path
    url = url or entry.url
    work = out.with_name(f'{out.name}.download')
    if out.exists():
        _check_record(out, name)
        shutil.rmtree(work, ignore_errors=True)
        done = f'{out} is there already'
    else:
        _announce(name, entry, url, out)
        work.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(work / 'lock', blocking=False):
                done = _download(name, entry, url, work, out, keep_archive)
        except Timeout:
            raise BlockingIOError(f'{work}: another process is at work there') from None
    return f'{done}\nnext: {entry.then.format(out=out)}'


def _download(
    name: str, entry: PublishedSet, url: str, work: Path, out: Path, keep_archive: bool
) -> str:
    # another address starts another file
    archive = work / hashlib.sha256(url.encode()).hexdigest()[:16]
    part, content = archive.with_suffix('.part'), work / 'content'
    if archive.exists():
        digest = hash_of(archive)
    else:
        arrived = part.stat().st_size if part.exists() else 0
        # images hardly shrink in an archive, which lies beside what is unpacked from it
        require_space(work, 2 * entry.size - arrived)
        digest = fetch(url, part, note=archive.with_suffix('.json'))
        part.rename(archive)
    if content.exists():
        shutil.rmtree(content)
    content.mkdir()
    try:
        unpack(archive, content, entry.holds)
        if entry.content and (found := content_digest(content)) != entry.content:
            raise DamagedArchiveError(f'{url}: expected the content {entry.content}, got {found}')
    except DamagedArchiveError as error:
        archive.unlink()
        raise ValueError(f'{error}; what came from {url} is discarded, try again') from error
    size = archive.stat().st_size
    record = dict(set=name, url=url, licence=entry.licence, size=size, sha256=digest)
    write_json(content / RECORD, record, indent=2)
    if keep_archive:
        suffix = '.zip' if is_zipfile(archive) else '.tar'
        archive.replace(out.with_name(out.name + suffix))
    content.rename(out)
    shutil.rmtree(work)
    return f'written to {out}: {size} bytes with SHA-256 {digest}'


def content_digest(folder: Path) -> str:
    """Return the SHA-256 of what ``sha256sum`` lists of all files of a folder, sorted by name."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob('*')}
    lines = [f'{hash_of(files[name])}  {name}\n' for name in sorted(files) if files[name].is_file()]
    return hashlib.sha256(''.join(lines).encode()).hexdigest()


def _announce(name: str, entry: PublishedSet, url: str, out: Path) -> None:
    print(
        f'{name}: {entry.title}\n'
        f'  source   {url}\n'
        f'  licence  {entry.licence}\n'
        f'  size     about {entry.size / 1e6:,.0f} MB\n'
        f'  to       {out}',
        flush=True,
    )


def _check_record(out: Path, name: str) -> None:
    record = out / RECORD
    found = json.loads(record.read_bytes()).get('set') if record.is_file() else 'something else'
    if found != name:
        raise FileExistsError(
            f'{out}: expected no folder, or {name} as downloaded, found {found}; '
            f'remove it or choose another'
        )

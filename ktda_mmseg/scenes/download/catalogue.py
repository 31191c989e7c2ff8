"""What sets are published, where, and under which licence."""

from dataclasses import dataclass

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

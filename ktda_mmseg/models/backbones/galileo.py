"""Galileo: a small self-supervised vision transformer of remote sensing, on single images."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import OptConfigType
from torch import Tensor, nn
from torch.nn import functional as F

from .galileo_layers import BASE_PATCH, Block, FlexiblePatchEmbed, month_table, sinusoids

# Order of the channel embeddings in the file, and of the channels in each patch embedding.
CHANNEL_GROUPS = {
    'S1': ('VV', 'VH'),
    'S2_RGB': ('B2', 'B3', 'B4'),
    'S2_Red_Edge': ('B5', 'B6', 'B7'),
    'S2_NIR_10m': ('B8',),
    'S2_NIR_20m': ('B8A',),
    'S2_SWIR': ('B11', 'B12'),
    'NDVI': ('NDVI',),
}
# Mean and standard deviation of reflectance times 10000 in the pre-training set
# ("13" in the official normalization.json).
STATISTICS = {
    'B2': (1395.34, 917.70),
    'B3': (1338.40, 913.30),
    'B4': (1343.10, 1092.68),
    'B5': (1543.86, 1047.22),
    'B6': (2186.20, 1048.01),
    'B7': (2525.09, 1143.69),
    'B8': (2410.34, 1098.98),
    'B8A': (2750.29, 1204.47),
    'B11': (2234.91, 1145.98),
    'B12': (1474.53, 980.24),
}
# What the official normalisation subtracts and divides by; a channel left out is passed as it is.
RANGES: dict[str | None, tuple[float, float]] = {
    None: (0.0, 1.0),
    **{band: (mean - 2 * std, 4 * std) for band, (mean, std) in STATISTICS.items()},
}


def complete_groups(bands: Sequence[str | None]) -> list[str]:
    """Return the names of the channel groups whose bands are all given, in the file's order."""
    given = [band for band in bands if band is not None]
    for band in given:
        if band not in STATISTICS or given.count(band) > 1:
            raise ValueError(
                f'bands: expected each of {", ".join(STATISTICS)} at most once, got {tuple(bands)}'
            )
    available = {*given, 'NDVI'} if {'B4', 'B8'} <= set(given) else set(given)
    groups = [name for name, needed in CHANNEL_GROUPS.items() if available.issuperset(needed)]
    if not groups:
        optical = {name: group for name, group in CHANNEL_GROUPS.items() if name.startswith('S2')}
        raise ValueError(f'bands: expected all bands of one of {optical}, got {tuple(bands)}')
    return groups


def ndvi(red: Tensor, near_infrared: Tensor) -> Tensor:
    """Return the vegetation index of normalised B4 and B8, a ratio of what they were before.

    It is 0 where there is no reflectance, as in the official data.
    """
    (red_low, red_range), (nir_low, nir_range) = RANGES['B4'], RANGES['B8']
    red, near_infrared = red * red_range + red_low, near_infrared * nir_range + nir_low
    total = near_infrared + red
    return torch.where(total > 0, (near_infrared - red) / total, 0.0)


# What the file holds for inputs other than images: elevation, weather, land cover, location.
OTHER_INPUTS = (
    'space_embed.',
    'time_embed.',
    'static_embed.',
    'sp_channel_embed',
    't_channel_embed',
    'st_channel_embed',
)
BASE_GSD = 10.0


@MODELS.register_module()
class Galileo(BaseModule):
    """Encoder of `Galileo <https://arxiv.org/abs/2502.09356>`_ for one image of optical bands.

    Gives what the official encoder gives for a single time step with only Sentinel-2 inputs, and
    loads its ``encoder.pt`` strictly. Every location has one token per channel group; the returned
    maps are the mean over a location's tokens, each after the final layer norm. A group takes part
    when all its bands are given; NDVI is computed where B4 and B8 are. Sizes that are no multiple
    of the patch are padded right and bottom with zeros.

    As a teacher it states how raw pixels are normalised (``input_mean``, ``input_std``): the range
    of mean ± 2 std of the pre-training set becomes 0 to 1. For 8-bit images it is assumed that 255
    shows a reflectance of 0.3, as usual in Sentinel-2 pictures.

    Args:
        bands (Sequence[str | None]): Sentinel-2 band of each input channel, None for a channel that
            no band resembles and that is left out. Default: RGB.
        patch_size (int): Pixels a side of a token, 1 to 8.
        out_indices (Sequence[int]): Blocks whose output is returned, from 0.
        width (int): Token width, a multiple of 16; 128, 192 and 768 in nano, tiny and base.
        depth (int): Number of blocks.
        num_heads (int): Attention heads.
        month (int): Month of the images, 1 to 12.
        input_gsd (float): Metres a pixel.
        input_scale (float): Sentinel-2 units (reflectance times 10000) in one unit of the raw
            image: 3000 / 255 for 8-bit images, 10000 for reflectance, 1 for Sentinel-2 products.
        init_cfg (dict, optional): ``dict(type='Pretrained', checkpoint='encoder.pt')``.

    Raises:
        ValueError: If a band is unknown or repeated, no group is complete or another argument is
            out of its range.
    """

    def __init__(
        self,
        bands: Sequence[str | None] = ('B4', 'B3', 'B2'),
        patch_size: int = 8,
        out_indices: Sequence[int] = (0, 1, 2, 3),
        width: int = 128,
        depth: int = 4,
        num_heads: int = 8,
        month: int = 6,
        input_gsd: float = BASE_GSD,
        input_scale: float = 3000 / 255,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(init_cfg)
        _check('patch_size', patch_size, 1, BASE_PATCH)
        _check('month', month, 1, 12)
        for index in out_indices:
            _check('out_indices', index, 0, depth - 1)
        if width % 16:
            raise ValueError(f'width: expected a multiple of 16, got {width}')
        self.bands = tuple(bands)
        self.groups = complete_groups(self.bands)
        self.patch_size = patch_size
        self.out_indices = tuple(out_indices)
        self.month = month
        self.token_gsd = input_gsd * patch_size

        self.input_mean = [RANGES[band][0] / input_scale for band in self.bands]
        self.input_std = [RANGES[band][1] / input_scale for band in self.bands]

        self.space_time_embed = nn.ModuleDict(
            {
                name: FlexiblePatchEmbed(len(channels), width, patch_size).requires_grad_(
                    name in self.groups
                )
                for name, channels in CHANNEL_GROUPS.items()
            }
        )
        quarter = width // 4
        self.s_t_channel_embed = nn.Parameter(torch.zeros(len(CHANNEL_GROUPS), quarter))
        self.register_buffer('pos_embed', sinusoids(torch.arange(24.0), quarter))
        self.month_embed = nn.Embedding.from_pretrained(month_table(quarter))
        self.blocks = nn.ModuleList(Block(width, num_heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        # torch 2.1 does not have the public method yet
        self._register_load_state_dict_pre_hook(_drop_other_inputs)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Extract features.

        Args:
            x (Tensor): Images ``(N, C, H, W)``, normalised with ``input_mean`` and ``input_std``.

        Returns:
            tuple[Tensor, ...]: A map ``(N, width, ceil(H / patch_size), ceil(W / patch_size))`` for
            each of ``out_indices``.
        """
        channels = self._channels(x)
        pad_h, pad_w = (-size % self.patch_size for size in x.shape[2:])
        groups = []
        for name in self.groups:
            image = torch.stack([channels[band] for band in CHANNEL_GROUPS[name]], dim=1)
            groups.append(self.space_time_embed[name](F.pad(image, (0, pad_w, 0, pad_h))))
        tokens = torch.stack(groups, dim=1).permute(0, 1, 3, 4, 2)  # (N, G, h, w, width)
        grid = tokens.shape[1:4]
        tokens = (tokens + self._encoding(*grid[1:])).flatten(1, 3)

        maps = []
        for index, block in enumerate(self.blocks[: max(self.out_indices) + 1]):
            tokens = block(tokens)
            if index in self.out_indices:
                maps.append(self.norm(tokens).unflatten(1, grid).mean(1).permute(0, 3, 1, 2))
        return tuple(level.contiguous() for level in maps)

    def _channels(self, x: Tensor) -> dict[str, Tensor]:
        """Name the channels and add NDVI where it is wanted."""
        if x.size(1) != len(self.bands):
            raise ValueError(f'expected {len(self.bands)} channels {self.bands}, got {x.size(1)}')
        channels = {band: x[:, i] for i, band in enumerate(self.bands) if band is not None}
        if 'NDVI' in self.groups:
            channels['NDVI'] = ndvi(channels['B4'], channels['B8'])
        return channels

    def _encoding(self, height: int, width: int) -> Tensor:
        """Encode group, time step, month and place, a quarter of the width each."""
        group_index = [list(CHANNEL_GROUPS).index(name) for name in self.groups]
        group = self.s_t_channel_embed[group_index][:, None, None]
        time = torch.cat([self.pos_embed[0], self.month_embed.weight[self.month - 1]])
        step = self.token_gsd / BASE_GSD
        eighth = group.size(-1) // 2
        column, row = (
            sinusoids(torch.arange(size, device=group.device) * step, eighth)
            for size in (width, height)
        )
        shape = (len(self.groups), height, width, -1)
        parts = (group, time, column, row[:, None])
        return torch.cat([part.expand(shape) for part in parts], dim=-1)


def _check(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f'{name}: expected {low} to {high}, got {value}')


def _drop_other_inputs(
    state_dict: dict[str, Tensor],
    prefix: str,
    *_: Any,  # noqa: ANN401
) -> None:
    """Take from a file what it holds for inputs that are no images, so that it loads strictly."""
    names = tuple(prefix + name for name in OTHER_INPUTS)
    for key in [key for key in state_dict if key.startswith(names)]:
        del state_dict[key]

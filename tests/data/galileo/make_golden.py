"""Write golden.pth with the official Galileo code: make_golden.py CHECKOUT (needs einops).

CHECKOUT is github.com/nasaharvest/galileo at 0f0b5b9. The inputs are uniform noise that the test
draws again from the seed. The official code takes squares only; a rectangle is a square with masked
tokens. Every fourth channel is kept, to keep the file small.
"""

import json
import sys
from pathlib import Path

import torch

CASES = {
    'rgb_rectangle': dict(bands=('B4', 'B3', 'B2'), patch_size=4, month=6, input_gsd=10.0),
    'ten_bands': dict(
        bands=('B2', 'B3', 'B4', 'B5', 'B6', 'B7', 'B8', 'B8A', 'B11', 'B12'),
        patch_size=8,
        month=1,
        input_gsd=20.0,
    ),
    'partial_groups': dict(
        bands=('B8', 'B4', 'B11', 'B3', 'B2'), patch_size=3, month=12, input_gsd=0.5
    ),
}
SIZES = {'rgb_rectangle': (12, 8), 'ten_bands': (16, 16), 'partial_groups': (9, 9)}


def main(checkout: Path) -> None:
    """Run the official encoder, leaving after each block in turn."""
    sys.path.insert(0, str(checkout))
    import single_file_galileo as official

    folder = checkout / 'data/models/nano'
    config = json.loads((folder / 'config.json').read_text())
    encoder = official.Encoder(**config['model']['encoder'])
    weights = torch.load(folder / 'encoder.pt', map_location='cpu', weights_only=True)
    encoder.load_state_dict(weights)
    encoder.eval()
    statistics = json.loads((checkout / 'config/normalization.json').read_text())['13']

    golden = {}
    for seed, (name, case) in enumerate(CASES.items()):
        height, width = SIZES[name]
        shape = (1, len(case['bands']), height, width)
        raw = 4000 * torch.rand(shape, generator=torch.Generator().manual_seed(seed))
        side = max(height, width)
        image = torch.zeros(1, side, side, 1, len(official.SPACE_TIME_BANDS))
        values = dict(zip(case['bands'], raw[0], strict=True))
        for band, channel in values.items():
            index = official.SPACE_TIME_BANDS.index(band)
            low = statistics['mean'][index] - 2 * statistics['std'][index]
            image[0, :height, :width, 0, index] = (channel - low) / (4 * statistics['std'][index])
        if {'B4', 'B8'} <= values.keys():
            values['NDVI'] = (values['B8'] - values['B4']) / (values['B8'] + values['B4'])
            image[0, :height, :width, 0, -1] = values['NDVI']
        given = {official.SPACE_TIME_BANDS.index(band) for band in values}
        mask = torch.ones(1, side, side, 1, len(official.SPACE_TIME_BANDS_GROUPS_IDX))
        for group, needed in enumerate(official.SPACE_TIME_BANDS_GROUPS_IDX.values()):
            mask[:, :height, :width, :, group] = float(not given.issuperset(needed))

        levels = []
        for depth in range(1, 5):
            with torch.no_grad():
                tokens = encoder(
                    image,
                    torch.zeros(1, side, side, len(official.SPACE_BANDS)),
                    torch.zeros(1, 1, len(official.TIME_BANDS)),
                    torch.zeros(1, len(official.STATIC_BANDS)),
                    mask,
                    torch.ones(1, side, side, 3),
                    torch.ones(1, 1, 3),
                    torch.ones(1, 4),
                    torch.tensor([[case['month'] - 1]]),
                    patch_size=case['patch_size'],
                    input_resolution_m=case['input_gsd'],
                    exit_after=depth,
                )[:8]
            maps = encoder.apply_mask_and_average_tokens_per_patch(*tokens)
            maps = maps.unflatten(1, [side // case['patch_size']] * 2).permute(0, 3, 1, 2)
            rows, columns = (size // case['patch_size'] for size in (height, width))
            levels.append(maps[:, ::4, :rows, :columns].clone())
        golden[name] = dict(arguments=case, shape=shape, seed=seed, levels=levels)
    torch.save(golden, Path(__file__).with_name('golden.pth'))


if __name__ == '__main__':
    main(Path(sys.argv[1]))

"""Any timm model as a backbone: plain vision transformers and feature pyramids."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from mmengine.model import BaseModule
from mmseg.registry import MODELS
from mmseg.utils import OptConfigType
from torch import Tensor, nn
from torch.nn import functional as F

from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.checkpoints.reading import state_dict_of
from ktda_mmseg.utils.extras import needed_for


@MODELS.register_module()
class TimmBackbone(BaseModule):
    """Intermediate features of a timm model, student or teacher.

    A plain vision transformer gives one map per block, without class and register tokens; other
    networks give one per stage. Layers after the last level are dropped. Transformers that timm can
    make with ``dynamic_img_size`` take any image size: position embeddings are interpolated, images
    padded right and bottom to whole patches. The few of a fixed size (Swin, BEiT) need
    ``img_size``.

    As a teacher it states the statistics it was trained with in ``input_mean`` and ``input_std``:
    timm's, for 8-bit images, or those given. ``out_channels`` lists the width of each level.

    Args:
        model_name (str): timm's name, e.g. ``'vit_small_patch16_224.dino'``.
        out_indices (int | Sequence[int]): Blocks or stages that are returned; a number takes the
            last ones. Levels come in ascending order.
        norm (bool): Apply the final norm of a transformer to every level, as DINOv2 does; some
            pyramids (Hiera) refuse it.
        pretrained (bool): Let timm download the weights that belong to the name.
        checkpoint (str, optional): File with the weights of the whole model, in timm's layout or
            one that timm converts; needs no internet. ``init_cfg`` is for what this class saved.
        frozen (bool): As a student, keep weights and batch statistics as they are.
        adapters (int | None): Rank of an adapter behind each block of a transformer; all else is
            then frozen, see :func:`adapt_blocks`.
        input_scale (float): As a teacher, 8-bit counts in one unit of the raw image: 1 for 8-bit
            images, 255 / 0.3 for reflectance shown as usual.
        input_mean (Sequence[float], optional): As a teacher of other images than timm's, the mean
            of each channel in its training, in the units of the raw image.
        input_std (Sequence[float], optional): Their standard deviations.
        padding_size (int, optional): Side of the image that 'same' padding is made for, see
            :func:`fix_padding`; without, it follows each image.
        in_channels (int): Bands of the images. Weights for another number are fitted to it, as
            timm does, see :func:`ktda_mmseg.checkpoints.loading.fit_stem`.
        init_cfg (dict, optional): See ``mmengine.model.BaseModule``.
        **model_args: Further arguments of ``timm.create_model``; its ``in_chans`` is another name
            of ``in_channels``.

    Raises:
        ImportError: If timm is not installed.
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If timm does not know the model, it has no intermediate features, a level does
            not exist, the checkpoint does not fit or there is no 'same' padding to fix.
    """

    # arguments of a model whose weights are all in its checkpoint
    WITHOUT_WEIGHTS: ClassVar[dict] = dict(pretrained=False, checkpoint=None)

    def __init__(
        self,
        model_name: str,
        out_indices: int | Sequence[int] = 4,
        norm: bool = True,
        pretrained: bool = False,
        checkpoint: str | None = None,
        frozen: bool = False,
        adapters: int | None = None,
        input_scale: float = 1.0,
        input_mean: Sequence[float] | None = None,
        input_std: Sequence[float] | None = None,
        padding_size: int | None = None,
        in_channels: int = 3,
        init_cfg: OptConfigType = None,
        **model_args: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(init_cfg)
        model_args.setdefault('in_chans', in_channels)
        if checkpoint is not None:
            weights = state_dict_of(read_checkpoint(checkpoint), checkpoint)
            model_args['pretrained_cfg_overlay'] = dict(state_dict=weights)
        self.is_pretrained = pretrained or checkpoint is not None
        try:
            self.model = _create(model_name, pretrained=self.is_pretrained, **model_args)
        except RuntimeError as error:
            reason = ' '.join(str(error).split())[:300]
            raise ValueError(f'{model_name} from {checkpoint or "timm"}: {reason}') from error
        # Or mmengine's init_weights would call timm's, which starts from random weights again.
        self.model.is_init = True
        if not hasattr(self.model, 'prune_intermediate_layers'):
            raise ValueError(
                f'expected a timm model with intermediate features, got {model_name!r}'
            )

        levels = self.model.feature_info
        self.out_indices = _levels(out_indices, len(levels), model_name)
        whole = self.state_dict().keys()
        self.model.prune_intermediate_layers(self.out_indices, prune_norm=not norm)
        self._dropped = whole - self.state_dict().keys()
        self._register_load_state_dict_pre_hook(self._leave_out_dropped)
        kept = [levels[index] for index in self.out_indices]
        # Where the norm is a projection, as SAM's, timm states a width of its own.
        self.out_channels = [
            level.get('num_chs_norm', level['num_chs']) if norm else level['num_chs']
            for level in kept
        ]
        if padding_size is not None:
            fix_padding(self.model, padding_size)
        self.norm = norm
        self.frozen = frozen
        self.requires_grad_(not frozen)
        if adapters is not None:
            adapt_blocks(self.model, adapters)
        # The config keeps a reference to every tensor it was given.
        self.model.pretrained_cfg.pop('state_dict', None)
        self.input_mean, self.input_std = (
            [255 / input_scale * value for value in self.model.pretrained_cfg[key]]
            if given is None
            else list(given)
            for key, given in (('mean', input_mean), ('std', input_std))
        )

    def _leave_out_dropped(self, weights: dict[str, Tensor], prefix: str, *_: object) -> None:
        """Pass over what a file of the whole model has for layers behind the last level."""
        for key in self._dropped:
            weights.pop(prefix + key, None)

    def train(self, mode: bool = True) -> 'TimmBackbone':
        """Switch to training; a frozen backbone stays in evaluation mode."""
        return super().train(mode and not self.frozen)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Extract features.

        Args:
            x (Tensor): Images ``(N, C, H, W)``.

        Returns:
            tuple[Tensor, ...]: Maps ``(N, out_channels[i], h_i, w_i)``.
        """
        levels = self.model.forward_intermediates(
            x, indices=self.out_indices, norm=self.norm, output_fmt='NCHW', intermediates_only=True
        )
        return tuple(levels)


def _create(model_name: str, **args: Any) -> Any:  # noqa: ANN401
    """Create a timm model; one that can take any image size is asked to."""
    with needed_for('TimmBackbone', extra='timm'):
        import timm
    try:
        return timm.create_model(model_name, dynamic_img_size=True, dynamic_img_pad=True, **args)
    except TypeError as error:
        if 'dynamic_img' not in str(error):
            raise
        return timm.create_model(model_name, **args)


def _levels(out_indices: int | Sequence[int], count: int, model_name: str) -> list[int]:
    """Return the levels that are wanted, ascending and from 0."""
    wanted = range(-out_indices, 0) if isinstance(out_indices, int) else out_indices
    if not wanted or not all(-count <= index < count for index in wanted):
        raise ValueError(
            f'out_indices: expected some of {count} levels of {model_name}, got {out_indices}'
        )
    return sorted({index % count for index in wanted})


class PaddedConv2d(nn.Conv2d):
    """A square convolution with its own padding, of which the odd pixel lies right and bottom."""

    def __init__(self, conv: nn.Conv2d, padding: int) -> None:
        super().__init__(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size,  # type: ignore[arg-type]
            conv.stride,  # type: ignore[arg-type]
            dilation=conv.dilation,  # type: ignore[arg-type]
            groups=conv.groups,
            bias=conv.bias is not None,
        )
        self.load_state_dict(conv.state_dict())
        before = padding // 2
        self.margins = (before, padding - before) * 2

    def forward(self, x: Tensor) -> Tensor:
        """Pad and convolve; see ``nn.Conv2d``."""
        return super().forward(F.pad(x, self.margins))


def fix_padding(model: nn.Module, size: int) -> None:
    """Pad every image as one of a given size, as efficientnet_pytorch does, and U-Nets upon it.

    TensorFlow's 'same' padding of a strided convolution, which timm keeps, depends on the size of
    its input. Networks that learned with fixed padding see another grid if it follows the image.
    """
    from timm.layers import Conv2dSame, get_same_padding

    convolutions = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if isinstance(child, Conv2dSame)
    ]
    if not convolutions:
        raise ValueError(
            "padding_size: expected a model with 'same' padding, such as tf_efficientnet_b4, got "
            f'{type(model).__name__} without'
        )
    for parent, name, conv in convolutions:
        kernel, stride, dilation = conv.kernel_size[0], conv.stride[0], conv.dilation[0]
        padding = get_same_padding(size, kernel, stride, dilation)
        setattr(parent, name, PaddedConv2d(conv, padding))
        size = math.ceil(size / stride)


class AdaptedBlock(nn.Module):
    """A transformer's block and a bottleneck after it, which adds nothing until it is trained.

    Source: the adapters of Houlsby et al. (arXiv 1902.00751), one a block.
    """

    def __init__(self, block: nn.Module, channels: int, rank: int) -> None:
        super().__init__()
        self.block = block
        self.down = nn.Linear(channels, rank)
        self.up = nn.Linear(rank, channels)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, tokens: Tensor, *args: Any, **kwargs: Any) -> Tensor:  # noqa: ANN401
        """Map tokens ``(N, L, C)``; further arguments are the block's."""
        tokens = self.block(tokens, *args, **kwargs)
        return tokens + self.up(F.gelu(self.down(tokens)))


def adapt_blocks(model: nn.Module, rank: int) -> None:
    """Put an adapter behind every block of a timm transformer; only adapters then learn."""
    blocks, channels = getattr(model, 'blocks', None), getattr(model, 'embed_dim', None)
    if blocks is None or not isinstance(channels, int):
        raise ValueError(f'expected a plain transformer for adapters, got {type(model).__name__}')
    if rank < 1:
        raise ValueError(f'expected adapters of a rank of at least 1, got {rank}')
    model.requires_grad_(False)
    for index, block in enumerate(blocks):
        blocks[index] = AdaptedBlock(block, channels, rank)

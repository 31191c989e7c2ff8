"""Published networks for cloud detection, as backbones, necks and decode heads of mmseg."""

from .cdnet_blocks import ModifiedResNet50
from .cdnet_v1 import CDNetV1Head, CDNetV1Neck
from .cdnet_v2 import CDNetV2Encoder, CDNetV2Head, CDNetV2Neck
from .dbnet import DBNet, DBNetHead
from .hrcloudnet import HRCloudHead
from .kappamask import KappaMask, KappaMaskHead
from .mcdnet import MCDNet
from .mcdnet_head import MCDNetHead
from .scnn import SCNN, SCNNHead
from .unet_mobv2 import UNetMobv2Head

__all__ = [
    'SCNN',
    'CDNetV1Head',
    'CDNetV1Neck',
    'CDNetV2Encoder',
    'CDNetV2Head',
    'CDNetV2Neck',
    'DBNet',
    'DBNetHead',
    'HRCloudHead',
    'KappaMask',
    'KappaMaskHead',
    'MCDNet',
    'MCDNetHead',
    'ModifiedResNet50',
    'SCNNHead',
    'UNetMobv2Head',
]

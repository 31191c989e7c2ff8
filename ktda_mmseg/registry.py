"""The scope ``ktda_mmseg``, which lets configs be inherited by the package's name.

By ``_base_ = 'ktda_mmseg::ktda/best.py'`` mmengine finds the file below ``.mim/configs``, and
builds what stands there by registries of that scope. They hold nothing of their own: what they are
asked for they find in those of mmseg, where this package registers its classes.
"""

from mmengine.config.utils import MODULE2PACKAGE
from mmengine.registry import Registry
from mmseg import registry

SCOPE = 'ktda_mmseg'
# a module, not a distribution: mmengine then asks Python where it lies, while the original one
# looks for an editable installation in site-packages
MODULE2PACKAGE[SCOPE] = __name__
REGISTRIES = [
    # what a parent has still to import it imports for itself alone
    Registry(parent.name, parent=parent, scope=SCOPE, locations=[SCOPE, *parent._locations])
    for parent in vars(registry).values()
    if isinstance(parent, Registry)
]

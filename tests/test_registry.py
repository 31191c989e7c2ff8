"""The scope by which configs of the package are inherited."""

from pathlib import Path

from mmengine.config.utils import MODULE2PACKAGE
from mmengine.utils import get_installed_path, is_installed

import ktda_mmseg


def test_mmengine_finds_the_package_where_python_does():
    """In an editable installation, too, which the original mmengine looks for in site-packages."""
    name = MODULE2PACKAGE['ktda_mmseg']
    assert is_installed(name)
    assert Path(get_installed_path(name)) == Path(ktda_mmseg.__file__).parent

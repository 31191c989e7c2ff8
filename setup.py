"""Build script: brings requirements/ into the metadata, and what mim looks for into the wheel."""

import runpy
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
EXTRAS = (
    'onedl', 'openmmlab', 'raster', 'timm', 'vit', 'csmask', 'stac', 'export', 'serve', 'hub',
    'cluster', 'demo', 'labels', 'docs', 'dev',
)  # fmt: skip


class BuildWithMim(build_py):
    """Put configs, tools and the model index where `mim` looks for them: ktda_mmseg/.mim/."""

    def run(self) -> None:
        """Copy them into what is built, or link them for an editable installation."""
        super().run()
        base = ROOT if self.editable_mode else ROOT / self.build_lib
        target = base / 'ktda_mmseg' / '.mim'
        if target.exists():
            shutil.rmtree(target)
        target.mkdir(parents=True)
        for name in ('configs', 'tools', 'model_zoo', 'model-index.yml'):
            source = ROOT / name
            if self.editable_mode:
                (target / name).symlink_to(Path('..', '..', name))
            elif source.is_dir():
                # cards, but not the weights of the models
                left_out = shutil.ignore_patterns('__pycache__', '*.pth')
                shutil.copytree(source, target / name, ignore=left_out)
            else:
                shutil.copy2(source, target)


def read_requirements(name: str) -> list[str]:
    """Return the requirements of requirements/NAME.txt without their comments."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    return [bare for line in lines if (bare := line.split('#')[0].strip())]


setup(
    name='ktda_mmseg',
    version=runpy.run_path(str(ROOT / 'ktda_mmseg' / 'version.py'))['__version__'],
    description='Knowledge transfer and domain adaptation for segmentation, on MMSegmentation',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    # what the tests were run on
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Image Recognition',
        'Typing :: Typed',
    ],
    python_requires='>=3.10',
    packages=find_packages(include=['ktda_mmseg', 'ktda_mmseg.*']),
    # beside the package: see there; its name comes second, as mmengine and mim expect
    py_modules=['ktda_mmseg_cli'],
    entry_points={'console_scripts': ['ktda = ktda_mmseg_cli:main']},
    package_data={'ktda_mmseg': ['py.typed', '**/*.html', '**/*.css', 'scenes/serve/page/*']},
    install_requires=read_requirements('runtime'),
    extras_require={name: read_requirements(name) for name in EXTRAS},
    cmdclass={'build_py': BuildWithMim},
    zip_safe=False,
)

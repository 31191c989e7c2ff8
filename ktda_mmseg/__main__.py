"""``python -m ktda_mmseg`` is ``ktda``: for torchrun, and where scripts are not on PATH."""

from ktda_mmseg_cli import main

if __name__ == '__main__':
    main()

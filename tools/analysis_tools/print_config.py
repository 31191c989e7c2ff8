"""Print a config with all it inherits."""

from ktda_mmseg.engine.mmseg_tools import run_mmseg_tool

if __name__ == '__main__':
    run_mmseg_tool('misc/print_config')

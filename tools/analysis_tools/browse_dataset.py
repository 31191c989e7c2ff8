"""Show the augmented training images with their masks."""

from ktda_mmseg.engine.mmseg_tools import run_mmseg_tool

if __name__ == '__main__':
    run_mmseg_tool('analysis_tools/browse_dataset')

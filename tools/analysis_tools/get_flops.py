"""Count the floating-point operations and parameters of the deployed model."""

from ktda_mmseg.engine.mmseg_tools import run_mmseg_tool

if __name__ == '__main__':
    run_mmseg_tool('analysis_tools/get_flops')

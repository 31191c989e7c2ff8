"""Count the floating-point operations and parameters of the deployed model."""

from of_mmseg import run

if __name__ == '__main__':
    run('analysis_tools/get_flops')

"""Draw the confusion matrix of the predictions that test.py --out left."""

from ktda_mmseg.engine.mmseg_tools import run_mmseg_tool

if __name__ == '__main__':
    run_mmseg_tool('analysis_tools/confusion_matrix')

"""Draw the confusion matrix of the predictions that test.py --out left."""

from of_mmseg import run

if __name__ == '__main__':
    run('analysis_tools/confusion_matrix')

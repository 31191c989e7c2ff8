"""Show the augmented training images with their masks."""

from of_mmseg import run

if __name__ == '__main__':
    run('analysis_tools/browse_dataset')

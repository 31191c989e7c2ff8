"""Plot the curves in a run's vis_data/*.json."""

from of_mmseg import run

if __name__ == '__main__':
    run('analysis_tools/analyze_logs')

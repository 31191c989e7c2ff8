"""Plot the curves in a run's vis_data/*.json."""

from ktda_mmseg.engine.mmseg_tools import run_mmseg_tool

if __name__ == '__main__':
    run_mmseg_tool('analysis_tools/analyze_logs')

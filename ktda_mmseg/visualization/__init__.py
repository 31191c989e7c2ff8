"""Pictures of a finished run: predictions, confusion matrix and curves."""

from .curves import plot_curves, read_scalars
from .figures import plot_confusion_matrix, plot_predictions
from .pictures import read_picture
from .report import write_report

__all__ = [
    'plot_confusion_matrix',
    'plot_curves',
    'plot_predictions',
    'read_picture',
    'read_scalars',
    'write_report',
]

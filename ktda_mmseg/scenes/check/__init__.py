"""What is wrong with a data set, found before training starts; `tools/check_dataset.py` runs it.

A config becomes sources (``sources``), a source pairs of files (``pairs``), a pair facts
(``scan``, with ``reading``, ``labels``, ``statistics``), and the facts of all pairs duplicates,
overlaps and a survey, from which verdict, report and config fragment are written.
"""

"""Raw archives and generated scenes, turned into mmseg's folder layout.

One module a source, each with a function ``prepare(out, ...) -> Summary``, which
``tools/prepare_dataset.py`` calls with the arguments of the sub-command of the same name.
"""

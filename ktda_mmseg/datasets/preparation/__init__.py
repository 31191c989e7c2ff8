"""Raw archives and generated scenes, turned into mmseg's folder layout.

One module a source, each with a function ``prepare(out, ...) -> Summary``; ``tools/prepare_dataset.py``
calls it with the arguments of the sub-command of the same name.
"""

"""Lets every Python that a test starts collect garbage less often, and none at its end.

Importing the libraries makes millions of objects, none of which is garbage: looking for it takes a
third of the time of a tool that does little.
"""

import atexit
import gc

gc.set_threshold(100_000, 50, 50)
# registered first, so called last: nothing is left to look through
atexit.register(gc.freeze)

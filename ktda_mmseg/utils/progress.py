"""How far work is that processes do together, and the time left."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

POLL = 1.0  # seconds between two looks at what others do


@contextmanager
def progress(total: int, unit: str = '', done: Callable[[], int] | None = None) -> Iterator[tqdm]:
    """Show on stderr how far work is and the time left.

    Args:
        total (int): What the count comes to in the end; 0 to show nothing.
        unit (str): What is counted. Default: ''.
        done (Callable | None): Counts what is done, in a thread of its own; None where whoever
            works updates the bar. Default: None.

    Yields:
        tqdm: The bar.
    """
    # a log wants few lines
    pause = 0.5 if sys.stderr.isatty() else 60
    # what was done before says nothing about the pace
    first = done() if done else 0
    ended, counting = threading.Event(), threading.Lock()
    look = dict(unit=unit or 'it', unit_scale=True, mininterval=pause, disable=not total)
    with tqdm(total=total, initial=first, **look) as bar:

        def follow() -> None:
            while done and not ended.wait(POLL):
                with counting:
                    bar.update(done() - bar.n)

        threading.Thread(target=follow, daemon=True).start()
        try:
            yield bar
        finally:
            # not joined: a generator that is given up ends wherever Python finds that out
            ended.set()
            with counting:
                bar.update(done() - bar.n if done else 0)

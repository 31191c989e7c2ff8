"""Waits for what other processes and threads do."""

import time


def wait_for(happened, process=None, seconds=600):
    """Return what a function returns, once that is true.

    Files that are looked at may be removed meanwhile. AssertionError if it takes too long; what was
    returned last if the process that is to bring it about has ended.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended = process is not None and process.poll() is not None
        try:
            found = happened()
        except FileNotFoundError:
            found = None
        if found or ended:
            return found
        time.sleep(0.005)
    raise AssertionError(f'nothing came in {seconds} seconds')

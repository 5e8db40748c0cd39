"""Waiting for what will happen: as long as it takes on a busy machine, and no longer than a test may take."""
from __future__ import annotations

import time

# Seconds after which a test fails instead of hanging.
LIMIT = 300


def until(condition, what, pause=0.02):
    """The first true value of `condition`. `what` says what never happened; a function says it at the end."""
    deadline = time.monotonic() + LIMIT
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise AssertionError("never happened: %s" % (what() if callable(what) else what))
        time.sleep(pause)

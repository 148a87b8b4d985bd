"""What somebody at a terminal sees while one piece of work takes longer than a second: what is done, and for how long already."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

EACH = 1.0  # seconds; nothing is shown during the first


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Shows `what` on standard error, if that is a terminal, until the work inside is done."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    done = threading.Event()

    def show() -> None:
        seconds = 0
        while not done.wait(EACH):
            seconds += 1
            sys.stderr.write(f"\r{what}: {seconds} s")
            sys.stderr.flush()
        if seconds:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()

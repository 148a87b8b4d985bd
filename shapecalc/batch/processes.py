"""Worker processes: concurrent.futures' pool, set up so that nothing is left behind when it, or we, come to an end."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor

from . import limits

GRACE = 10.0  # seconds after the limit at which a worker that hangs where Python cannot interrupt it is ended


@contextlib.contextmanager
def processes(workers: int, limit: float | None) -> Iterator[Callable[[], Executor]]:
    """A maker of pools; each one replaces the one before, and leaving ends the last."""
    ways = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in ways else "spawn")
    if "forkserver" in ways:
        # workers are copies of a process that has everything loaded already
        context.set_forkserver_preload(["shapecalc.batch.loaded"])
    before = set(multiprocessing.active_children())
    pools: list[ProcessPoolExecutor] = []

    def made() -> Executor:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        pools[:] = [ProcessPoolExecutor(workers, context, initializer=begin, initargs=(limit,))]
        return pools[0]

    try:
        yield made
    finally:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        if pools:
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()


def begin(limit: float | None) -> None:
    """A worker starts: Ctrl-C is for the parent, whose end is the worker's end too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def watch() -> None:
            multiprocessing.connection.wait([parent.sentinel])
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()
    if limit:
        limits.last_resort(limit + GRACE)

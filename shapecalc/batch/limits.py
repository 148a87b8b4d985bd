"""A limit of time around a computation that knows nothing of it."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

AGAIN = 1.0  # seconds after which it is said once more: something may have swallowed it


class TimeUp(BaseException):
    """Not an Exception: nothing that recovers from errors may go on after it."""


class LastResort:
    """In a worker process: it ends when a task hangs for so long where Python cannot interrupt it, in one long step of C."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.nowhere: int | None = None

    def begin(self) -> None:
        """A task begins."""
        if self.seconds and self.nowhere is not None:
            faulthandler.dump_traceback_later(self.seconds, exit=True, file=self.nowhere)

    def end(self) -> None:
        """It has ended."""
        if self.seconds:
            faulthandler.cancel_dump_traceback_later()


_last = LastResort()


def last_resort(seconds: float) -> None:
    """For a process that does nothing else."""
    _last.seconds = seconds
    _last.nowhere = os.open(os.devnull, os.O_WRONLY)


@contextlib.contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Raises TimeUp in this thread after so many seconds."""
    _last.begin()
    try:
        with _interrupted(seconds):
            yield
    finally:
        _last.end()


@contextlib.contextmanager
def _interrupted(seconds: float | None) -> Iterator[None]:
    if not seconds:
        yield
    elif threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        with _by_signal(seconds):
            yield
    else:
        with _by_thread(seconds):
            yield


@contextlib.contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    def up(number: int, frame: Any) -> None:
        raise TimeUp

    before: Callable[..., Any] | int | None = signal.signal(signal.SIGALRM, up)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _by_thread(seconds: float) -> Iterator[None]:
    """Signals reach the main thread only; another one is interrupted by Python itself, between two of its steps.

    What was said is never taken back: after PyThreadState_SetAsyncExc(..., None) Python 3.11 would look for an exception for ever, at every
    step of every thread, and would not go on at all where a tracer is at work (coverage, a debugger).
    """
    here = ctypes.c_ulong(threading.get_ident())
    done = threading.Event()
    lock = threading.Lock()
    said: list[float] = []  # the waits after which it was

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            with lock:
                if not done.is_set():
                    said.append(wait)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(here, ctypes.py_object(TimeUp))
            wait = AGAIN

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        while True:
            try:
                with lock:  # from here on nothing new is said
                    done.set()
                for _ in range(100 if said else 0):
                    pass  # what was said is heard at a backward jump at the latest; here it is too late, and nobody's
                break
            except TimeUp:
                continue

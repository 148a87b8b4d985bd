"""A bar on standard error, where that is a terminal and the work takes longer than a second."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 1.0  # seconds without a bar


class Bar:
    """count: how many sources there are; it is asked when the bar is first shown, which may be never."""

    def __init__(self, count: Callable[[], int]) -> None:
        self.count = count
        self.done = self.wrong = 0
        self.shown: Progress | None = None
        self.lock = threading.RLock()
        self.timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self.timer = threading.Timer(PATIENCE, self.show)
            self.timer.daemon = True
            self.timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.timer is not None:
            self.timer.cancel()
            with self.lock:
                self.timer = None
                if self.shown is not None:
                    self.shown.stop()

    def show(self) -> None:
        """Draws the bar; rich keeps it fresh from here on."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        total = self.count()
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
        with self.lock:
            if self.timer is None:
                return
            self.shown = Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False)
            self.shown.add_task("", total=total)
            self.step(0, 0)
            self.shown.start()

    def step(self, count: int, wrong: int) -> None:
        """So many more are done, so many of them not right."""
        with self.lock:
            self.done += count
            self.wrong += wrong
            if self.shown is not None:
                for task in self.shown.task_ids:
                    self.shown.update(task, completed=self.done, description=f"{self.wrong} not all right")

    def write(self, put: Callable[[], None]) -> None:
        """Writes to standard output; a bar on the same terminal makes way."""
        if not sys.stdout.isatty():  # whoever reads may be slow, and the bar must not wait for it
            put()
            return
        with self.lock:
            if self.shown is None:
                put()
                return
            self.shown.stop()
            put()
            self.shown.start()

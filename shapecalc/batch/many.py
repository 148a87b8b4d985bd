"""check_many: from Python, over any executor of concurrent.futures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from ..derivation import Report
from ..errors import InputProblem
from .engine import Engine
from .judged import Judged
from .processes import processes
from .tasks import Task, of_path, together
from .work import Work

AHEAD = 4  # groups under way for each worker


def check_many(
    sources: Iterable[str | Path],
    executor: Executor | None = None,
    *,
    layout: str = "denominator",
    structured: bool = False,
    aliases: Mapping[str, str] | None = None,
    time_limit: float | None = 60.0,
) -> Iterator[Report]:
    r"""A report for each source, in order, as they are ready; a broken source is reported and stops nothing.

    sources: a str is the text of a problem with claims; a Path is a file (.sheet, .py, .md, .tex, .ipynb, .jsonl) or a directory of
    them. executor: any of concurrent.futures (processes, dask.distributed's Client.get_executor()); without one all is done here.
    time_limit: seconds for one source. layout, structured, aliases: as for `check`.

    >>> good, bad = check_many(["X: (S, D); W: (D, M); Z = X @ W; dW = X.T @ dZ", "X: (S, D); Z = X W"])
    >>> good.ok, bad.ok, print(bad.problems[0])
      X: (S, D); Z = X W
                     ^^^ an operator is missing between X and W
                     write X @ W, or X * W entry by entry
    (True, False, None)
    """
    from ..calculus.layouts import LAYOUTS

    if layout not in LAYOUTS:
        raise InputProblem(f"there is no layout {layout!r}", hint="denominator or numerator")
    work = Work(Judged(layout, structured, dict(aliases or {})), time_limit)
    for _, reports in judged(_tasks(sources), work, executor):
        yield from reports


def _tasks(sources: Iterable[str | Path]) -> Iterator[Task]:
    for source in sources:
        if isinstance(source, Path):
            yield from of_path(source)
        else:
            yield Task(None, "text", source)


def judged(
    tasks: Iterable[Task],
    work: Work,
    executor: Executor | None,
    workers: int | None = None,
    again: Callable[[], Executor] | None = None,
) -> Iterator[tuple[Task, Any]]:
    """Each task with what comes of it, in order. again: makes the executor that follows one that has broken; else a process of our own."""
    if executor is None:
        for task in tasks:
            yield task, work.one(task)
        return
    workers = workers or os.cpu_count() or 1
    with processes(1, work.limit) as ours:
        made = [executor]
        make: Callable[[], Executor] = lambda: made.pop() if made else (again or ours)()  # noqa: E731
        yield from Engine(work, make, AHEAD * workers).run(together(tasks, workers))

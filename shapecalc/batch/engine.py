"""Hands groups of tasks to an executor and gives back what comes of them: in order, a bounded number under way at any time.

A worker that dies takes its executor with it (concurrent.futures has no way to tell which task it was working on): what was under way is
then done again, one task at a time, and a task that is alone when a worker dies twice is the one that kills.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import Any

from .tasks import Task
from .work import Work

Group = tuple[Task, ...]
ATTEMPTS = 2  # deaths of workers that one task may cause


class Engine:
    """make: gives a new executor whenever the one before has broken. ahead: groups that are under way at any time."""

    def __init__(self, work: Work, make: Callable[[], Executor], ahead: int) -> None:
        self.work = work
        self.make = make
        self.ahead = max(1, ahead)
        self.executor = make()

    def run(self, groups: Iterable[Group]) -> Iterator[tuple[Task, Any]]:
        """Each task with what comes of it."""
        waiting: deque[tuple[Group, Future[list[Any]] | None]] = deque()
        source = iter(groups)
        more = True
        while True:
            while more and len(waiting) < self.ahead:
                group = next(source, None)
                more = group is not None
                if group is not None:
                    waiting.append((group, self._submitted(group)))
            if not waiting:
                return
            group, future = waiting.popleft()
            found = _result(future)
            if found is None:
                found = [self._alone(task) for task in group]
                waiting = deque((g, f if _result(f, now=True) is not None else self._submitted(g)) for g, f in waiting)
            yield from zip(group, found, strict=True)

    def _submitted(self, group: Group) -> Future[list[Any]] | None:
        """The future of a group; None where the executor has broken in the meantime."""
        try:
            return self.executor.submit(self.work, group)
        except RuntimeError:  # broken, or shut down
            return None

    def _alone(self, task: Task) -> Any:
        """A task by itself."""
        why = ""
        for _ in range(ATTEMPTS):
            future = self._submitted((task,))
            if future is not None:
                try:
                    return future.result()[0]
                except (BrokenExecutor, CancelledError):
                    why = "the worker that judged this died"
                except Exception as error:  # noqa: BLE001 - whatever an executor has to say about a task: its worker was killed, say
                    return self.work.failed(task, f"this could not be judged: {type(error).__name__}: {error}")
            self.executor = self.make()
        return self.work.failed(task, why or "no worker could be started")


def _result(future: Future[list[Any]] | None, now: bool = False) -> list[Any] | None:
    """What came of a group; None where it has to be done again. now: a future that is not done, and is not lost, counts as well."""
    if future is None:
        return None
    if now and not future.done():
        return []
    try:
        return future.result()
    except (Exception, CancelledError):  # noqa: BLE001 - the reason is found when each of its tasks is alone
        return None

"""What a worker does: judge a few tasks, each within its limit of time, and hand back reports, or what is drawn of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from ..derivation import Report
from .judged import Judged
from .limits import TimeUp, within
from .tasks import Task


class Drawn(Protocol):
    """Makes of the reports on a task whatever the caller wants of them; it travels to the workers."""

    def __call__(self, task: Task, reports: list[Report]) -> Any:
        """All reports on one task."""
        ...


@dataclass(frozen=True, slots=True)
class Work:
    """How tasks are judged. limit: seconds for one of them."""

    judged: Judged
    limit: float | None = None
    draw: Drawn | None = None

    def __call__(self, tasks: tuple[Task, ...]) -> list[Any]:
        """What comes of each task, in order."""
        return [self.one(task) for task in tasks]

    def one(self, task: Task) -> Any:
        """What comes of one task; nothing that is in it can stop the others."""
        try:
            with within(self.limit):
                return self.result(task, list(self.reports(task)))
        except TimeUp:
            return self.failed(task, f"this took longer than {self.limit:g} seconds")
        except MemoryError:
            return self.failed(task, "this needs more memory than there is")
        except Exception as error:  # noqa: BLE001 - a defect of ours that one source brings to light must not cost the others
            return self.failed(task, f"this could not be judged: {type(error).__name__}: {error}")

    def result(self, task: Task, reports: list[Report]) -> Any:
        """The reports, or what is drawn of them."""
        return reports if self.draw is None else self.draw(task, reports)

    def failed(self, task: Task, why: str) -> Any:
        """A report that says why there is none."""
        said = f"{task.place}: {why}" if task.place else why
        return self.result(task, [Report(name=task.place, problems=(said,), stopped=True)])

    def reports(self, task: Task) -> Iterator[Report]:
        """The reports on a task: one for each problem in it."""
        if task.error:
            yield Report(name=task.place, problems=(task.error,))
        elif task.kind == "line":
            yield self.judged.line(task.text, str(task.place))
        elif task.kind == "text":
            yield self.judged.text(task.text, task.place)
        else:
            made = self.judged.file(task.text, str(task.place), task.function)
            yield from (r for r in made if not (task.searched and r.foreign))

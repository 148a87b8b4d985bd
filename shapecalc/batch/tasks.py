"""One piece of work: a text, a file, or a line of a .jsonl, with its place; read here, so that a worker needs no files."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from ..errors import InputProblem, ShapecalcError
from . import files

MOST_TOGETHER = 16  # tasks that are handed out at once: handing over costs about as much as the judging of a short line
LONGEST_TOGETHER = 200_000  # characters of them


class Task(NamedTuple):
    """place: the file, or file:line of a .jsonl; None for a text that was given as such. kind: text, file or line. error: why not."""

    place: str | None
    kind: str
    text: str
    function: str | None = None
    searched: bool = False  # found in a directory: one that is nobody's derivation is not spoken of
    error: str = ""

    @property
    def path(self) -> str:
        """The file."""
        place = self.place or "-"
        return place.rpartition(":")[0] if self.kind == "line" else place

    def digest(self, settings: str) -> str:
        """What was judged, and how, in a few characters."""
        made = blake2b(digest_size=12)
        for part in (settings, self.kind, self.function or "", self.error, self.text):
            made.update(part.encode("utf-8", "surrogatepass") + b"\0")
        return made.hexdigest()


def of_path(path: Path, function: str | None = None, but: Container[Path] = ()) -> Iterator[Task]:
    """The tasks of a file, or of everything below a directory, by name; but: files below it that are none, such as our own results."""
    if path.is_dir():
        for inner in files.found(path):
            if but and inner.resolve() in but:
                continue
            yield from (t._replace(searched=inner.suffix.lower() not in files.SHEETS) for t in of_file(inner))
    else:
        yield from of_file(path, function)


def of_file(path: Path, function: str | None = None) -> Iterator[Task]:
    """One task, or one for each line of a .jsonl."""
    try:
        if path.suffix.lower() == ".jsonl":
            yield from of_lines(path)
        else:
            yield Task(str(path), "file", files.text_of(path), function)
    except ShapecalcError as error:
        yield Task(str(path), "file", "", function, error=str(error))


def of_lines(path: Path) -> Iterator[Task]:
    """The lines of a .jsonl that are not blank."""
    for number, line in enumerate(files.lines_of(path), 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            if len(line) > files.LONGEST:
                raise InputProblem(f"the line is longer than {files.LONGEST // 1_000_000} MB")
            yield Task(place, "line", files.decoded(line.strip(), place))
        except ShapecalcError as error:
            yield Task(place, "line", "", error=str(error))


def together(tasks: Iterable[Task], workers: int) -> Iterator[tuple[Task, ...]]:
    """Tasks in small groups, in order: one by one at first, so that few are spread over all workers."""
    group: list[Task] = []
    length = count = 0
    for task in tasks:
        group.append(task)
        length += len(task.text)
        if len(group) > count // (4 * workers) or len(group) >= MOST_TOGETHER or length > LONGEST_TOGETHER:
            count += len(group)
            yield tuple(group)
            group, length = [], 0
    if group:
        yield tuple(group)

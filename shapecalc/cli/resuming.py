"""A file of results that a later run goes on with: what is in it as a whole is not judged again, and nothing is in it twice."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from ..batch.tasks import Task
from ..errors import InputProblem
from .reporting import Outcome, Tally, tally

try:
    import fcntl
except ImportError:  # Windows has no such locks: there, two runs at once are the user's to avoid
    fcntl = None  # type: ignore[assignment]

Key = tuple[str, str]


class Results:
    """The results of earlier runs and of this one. settings: how is judged; other settings, another text: judged anew."""

    def __init__(self, path: Path, settings: str) -> None:
        self.path = path
        self.settings = settings
        self.found: dict[Key, Tally] = {}
        self.places: dict[str, str] = {}  # the digest that stands in the file
        self.stale = False
        self.file: IO[str] | None = None

    def __enter__(self) -> Self:
        if self.path.exists() and not self.path.is_file():
            raise InputProblem(f"{self.path} is not a plain file")
        self.file = self.opened()
        self.load()
        self.file.close()  # it may have been put anew
        self.file = self.opened()
        return self

    def opened(self) -> IO[str]:
        """The file, for this run alone."""
        file = self.path.open("a", encoding="utf-8")
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                raise InputProblem(f"another run is writing to {self.path}") from None
        return file

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.file is not None:
            self.file.close()
        if self.stale and kind is None:
            self.rewrite()

    def load(self) -> None:
        """What earlier runs have left; a line that was broken off, and what is not complete, is taken out."""
        clean = True
        for key, lines in self.groups():
            if key is None:
                clean = False
                continue
            before = self.places.get(key[0])
            clean = clean and before is None
            if before is not None:
                self.found.pop((key[0], before), None)
            self.places[key[0]] = key[1]
            self.found[key] = total(lines)
        if not clean:
            self.rewrite()

    def groups(self) -> Iterator[tuple[Key | None, list[str]]]:
        """The lines of each source that are all there; None as a key for any others."""
        held: list[str] = []
        for line in self.lines():
            key, part, parts = stamp(line)
            if key is None or part != len(held) + (parts > 0) or (held and stamp(held[0])[0] != key):
                yield None, [*held, line]
                held = []
                if part > 1:
                    continue
            if key is not None:
                held = [*held, line]
                if part == parts:
                    yield key, held
                    held = []
        if held:
            yield None, held

    def lines(self) -> Iterator[str]:
        """The lines, a broken one among them."""
        if self.path.exists():
            with self.path.open(encoding="utf-8", errors="replace") as file:
                yield from (line if line.endswith("\n") else "" for line in file)

    def rewrite(self) -> None:
        """The file with the last results of each source only, put in place as a whole."""
        fresh = self.path.with_name(self.path.name + ".new")
        seen: set[Key] = set()
        with fresh.open("w", encoding="utf-8") as out:
            for key, lines in self.groups():
                if key is not None and self.places.get(key[0]) == key[1] and key not in seen:
                    seen.add(key)
                    out.writelines(lines)
        with contextlib.suppress(OSError):
            fresh.chmod(self.path.stat().st_mode)
        os.replace(fresh, self.path)  # noqa: PTH105 - Path.replace is the same

    def known(self, task: Task) -> Tally | None:
        """What came of a task in an earlier run."""
        return self.found.get((task.place or "-", task.digest(self.settings)))

    def keep(self, task: Task, outcome: Outcome) -> None:
        """Adds what came of a task."""
        place, digest = task.place or "-", task.digest(self.settings)
        self.stale = self.stale or place in self.places
        self.places[place] = digest
        if self.file is not None:
            self.file.write("".join(f"{text}\n" for text in outcome.texts))
            self.file.flush()


def stamp(line: str) -> tuple[Key | None, int, int]:
    """What a line is about, which part of it this is, and of how many."""
    try:
        found: Any = json.loads(line)
        part, parts = found["part"]
        _ = [c["verdict"] for c in found.get("claims", ())]
        if 0 <= part <= parts:
            return (str(found["source"]), str(found["digest"])), int(part), int(parts)
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        pass
    return None, 0, 0


def total(lines: list[str]) -> Tally:
    """The numbers of a source."""
    out = Tally()
    for line in lines:
        found = json.loads(line)
        out = out.plus(tally([str(c["verdict"]) for c in found.get("claims", ())], bool(found.get("problems"))))
    return out

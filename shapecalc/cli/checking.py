"""check: many sources, each judged by itself, here or by workers; a broken one is reported and never stops the rest."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ..batch.judged import Judged
from ..batch.tasks import Task, of_path
from ..batch.work import Work
from ..errors import InputProblem, ShapecalcError, visible
from . import output, sources
from .progress import Bar
from .reporting import Drawing, Outcome, Tally
from .resuming import Results

Values = dict[str, Any]
FILE = re.compile(r"[^\s;=]+\.(sheet|py|md|qmd|tex|ipynb|jsonl)(:[\w.]+)?")  # what can only be meant as a file


def check(v: Values) -> int:
    """Judges every source; 0 all right, 1 something wrong, 2 something that cannot be read."""
    work = prepared(v)
    with contextlib.ExitStack() as stack:
        results = stack.enter_context(Results(Path(v["resume"]), work.judged.said)) if v["resume"] else None
        put = stack.enter_context(writer(v, work.draw))
        total, code, shown, before = Tally(), 0, 0, 0
        bar = stack.enter_context(Bar(lambda: counted(v)))
        for task, outcome, fresh in outcomes(v, work, results):
            if results is not None and fresh:
                results.keep(task, outcome)
            elif results is None:
                bar.write(partial(put, outcome.texts, not shown))
            shown += bool(outcome.texts or not fresh)
            before += not fresh
            total = total.plus(outcome.tally)
            code = max(code, outcome.tally.code(v["strict"]))
            bar.step(1, int(outcome.tally.code(strict=True) > 0))
    if not shown and not total.broken:
        output.complain("no derivation was found: there is nothing to judge")
    if v["resume"] or (v["format"] == "text" and shown > 1 and v["output"] is None):
        output.show(("" if v["resume"] else "\n") + summary(shown, before, total))
    return code


def prepared(v: Values) -> Work:
    """How tasks are judged, and how what is found is drawn."""
    judged = Judged(v["layout"], v["structured"], named(v["alias"]))
    if v["resume"] and v["output"] is not None:
        raise InputProblem("--resume FILE is where results go", hint="leave --output out")
    into_file = v["output"] is not None
    to = "json" if v["resume"] else v["format"]
    plain = v["ascii"] or (to == "text" and not into_file and output.only_ascii(asked=False))
    if to == "text" and not into_file and output.colours(v["plain"]) and not plain:
        to = "terminal"
    width = v["width"] if into_file else output.columns(v["width"])
    return Work(judged, v["time_limit"] or None, Drawing(judged, to, plain, width, output.tints(), bool(v["resume"])))


def outcomes(v: Values, work: Work, results: Results | None) -> Iterator[tuple[Task, Outcome, bool]]:
    """What comes of each source, in order, and whether it is new."""
    waiting: dict[int, Tally] = {}

    def new() -> Iterator[Task]:
        """What has not been judged before; of what has been, the numbers are kept until their turn."""
        for k, task in enumerate(tasks(v)):
            known = results.known(task) if results is not None else None
            if known is None:
                yield task
            else:
                waiting[k] = known

    def old(k: int) -> Iterator[tuple[Task, Outcome, bool]]:
        while k in waiting:
            yield Task(None, "text", ""), Outcome((), waiting.pop(k)), False
            k += 1

    k = 0
    for task, outcome in judged(v, work, new()):
        for item in old(k):
            k += 1
            yield item
        yield task, outcome, True
        k += 1
    yield from old(k)


def judged(v: Values, work: Work, given: Iterator[Task]) -> Iterator[tuple[Task, Outcome]]:
    """Tasks judged here, by processes, or by a cluster."""
    from ..batch.many import judged as anywhere

    if v["dask"]:
        from .cluster import cluster

        with cluster(v["dask"]) as (executor, workers):
            yield from anywhere(given, work, executor, workers)
    elif (jobs := v["jobs"] or os.cpu_count() or 1) > 1:
        from ..batch.processes import processes

        with processes(jobs, work.limit) as make:
            yield from anywhere(given, work, make(), jobs, make)
    else:
        yield from anywhere(given, work, None)


def tasks(v: Values) -> Iterator[Task]:
    """Every source, in order."""
    own = {Path(p).resolve() for p in (v["resume"], v["output"]) if p}
    for argument in v["sources"]:
        path, function = file_and_function(argument)
        if path is not None:
            yield from of_path(path, function, own)
            continue
        try:
            if FILE.fullmatch(argument.strip()):
                raise InputProblem(f"there is no file {visible(argument)}")
            yield Task(None, "text", sources.source(argument)[0])
        except ShapecalcError as error:
            yield Task(argument, "text", "", error=str(error))


def counted(v: Values) -> int:
    """How many sources there are."""
    return sum(1 for _ in tasks({**v, "sources": [a for a in v["sources"] if a != "-"]}))


def file_and_function(argument: str) -> tuple[Path | None, str | None]:
    """The file that an argument names, and the function of it: model.py:backward, model.py:Net.backward."""
    path = sources.file(argument)
    if path is not None:
        return path, None
    head, colon, function = argument.rpartition(":")
    named = colon and head.endswith(".py") and all(part.isidentifier() for part in function.split("."))
    path = sources.file(head) if named else None
    return path, function if path is not None else None


def named(given: tuple[str, ...]) -> dict[str, str]:
    """dz2=Z2: what a gradient is called, and what it is the gradient of."""
    out = {}
    for text in given:
        alias, eq, name = (part.strip() for part in text.partition("="))
        if not eq or not alias.isidentifier() or not name.isidentifier():
            raise InputProblem(f"{text} is no alias", hint="--alias dz2=Z2")
        out[alias] = name
    return out


@contextlib.contextmanager
def writer(v: Values, draw: Any) -> Iterator[Callable[[tuple[str, ...], bool], None]]:
    """Writes reports as they come, a blank line between those that are read by people."""
    from ..render.writing import whole

    path = v["output"]
    if path not in (None, "-") and Path(path).is_dir():
        raise InputProblem(f"cannot write {path}: it is a directory")
    gap = "\n" if draw.to in ("text", "terminal") else ""
    with contextlib.ExitStack() as stack:
        # a run that is broken off leaves no half of a file; what has been judged until then is what --resume keeps
        file = sys.stdout if path in (None, "-") else io.TextIOWrapper(stack.enter_context(whole(Path(path))), encoding="utf-8")

        def put(texts: tuple[str, ...], first: bool) -> None:
            for k, text in enumerate(t for t in texts if t):
                file.write(("" if first and not k else gap) + (text if text.endswith("\n") else text + "\n"))
            file.flush()

        yield put
        if isinstance(file, io.TextIOWrapper) and file is not sys.stdout:
            file.detach()  # the file beneath is closed by whoever opened it


def summary(count: int, before: int, total: Tally) -> str:
    """All sources in one line."""
    said = f"{count} {'source' if count == 1 else 'sources'}"
    parts = [f"{said} ({before} of them judged before)" if before else said]
    if total.claims:
        parts.append(f"{total.right} of {total.claims} claims right")
    if total.wrong:
        parts.append(f"{total.wrong} wrong")
    unsure = total.claims - total.right - total.wrong
    if unsure:
        parts.append(f"{unsure} not decided or not readable")
    if total.broken:
        parts.append(f"{total.broken} cannot be used")
    return ", ".join(parts) + "."


__all__ = ["InputProblem", "check"]

"""What is fuzzed: each reader with one text. Only errors of our own may come out."""

from __future__ import annotations

import json
import signal
import time
import traceback
from contextlib import contextmanager
from pathlib import Path

import shapecalc
from shapecalc.api import recheck
from shapecalc.batch.judged import Judged
from shapecalc.cli.reporting import Drawing
from shapecalc.errors import ShapecalcError
from shapecalc.language.readers.files import read_file_text
from shapecalc.language.sheet import read

SECONDS = 2.0  # of processor time, for one input of a few kB
HANG = 10.0
PACKAGE = Path(shapecalc.__file__).parent
JUDGE = Judged("denominator", structured=False, aliases={})
FACTS = Drawing(JUDGE).facts
SUFFIX = {"python": "x.py", "latex": "x.tex", "markdown": "x.md", "notebook": "x.ipynb"}
KINDS = ("sheet", "python", "latex", "markdown", "notebook", "jsonl", "stored")


class Hang(BaseException):
    """An input that takes too long; not an Exception, so that nothing catches it on the way."""


def parse(kind, text):
    """Reads a text and goes no further."""
    if kind == "sheet":
        read(text, [])
    elif kind in SUFFIX:
        for reading in read_file_text(text, SUFFIX[kind]):
            for problem in reading.problems:
                str(reading.anchored(problem))
            try:
                read(reading.source, [])
            except ShapecalcError as error:
                str(reading.anchored(error))
    elif kind == "jsonl":
        json.loads(text)  # what comes after is `judge`
    else:
        recheck(text)


def judge(kind, text):
    """Reads a text and judges or derives what is in it."""
    if kind == "sheet":
        try:
            shapecalc.check(text)
        except ShapecalcError as error:
            str(error)
        d = shapecalc.derive(text)
        for name in d:
            str(d[name].formula)
        d.to("text", views=("matrix",))
    elif kind in SUFFIX:
        for report in JUDGE.file(text, SUFFIX[kind]):
            json.dumps(FACTS(report))
    elif kind == "jsonl":
        json.dumps(FACTS(JUDGE.line(text, "x:1")))
    else:
        recheck(text)


@contextmanager
def alarm(seconds):
    """Raises Hang after this much processor time."""

    def ring(*_):
        raise Hang

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def attempt(what, kind, text):
    """What is wrong with how an input was taken: "" where nothing is."""
    start = time.process_time()
    try:
        with alarm(HANG):
            what(kind, text)
    except ShapecalcError as error:
        try:
            str(error)
        except Exception as broken:  # noqa: BLE001 - whatever it is, it is a finding
            return place(broken)
    except ValueError as error:
        if what is not parse or kind != "jsonl":
            return place(error)
    except Hang as error:
        return "hangs: " + place(error)
    except (Exception, RecursionError, MemoryError) as error:  # noqa: BLE001 - likewise
        return place(error)
    used = time.process_time() - start
    return f"slow: {what.__name__} of {kind} took {used:.1f} s" if used > SECONDS else ""


def place(error):
    """An error with the last line of ours that it went through: two findings with the same are one."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(PACKAGE)]
    where = f"{Path(frames[-1].filename).relative_to(PACKAGE)}:{frames[-1].lineno}" if frames else "outside"
    return f"{type(error).__name__} at {where}: {str(error)[:80]}"

"""How a figure is made: methods in turn, several rounds, medians; caches emptied before each call; processor time, not the clock.

The machine is shared. What is quoted is a ratio within one run; a time by itself is worth little.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MISSING = "not installed"
LARGE = 1 << 16  # bytes
Job = Callable[[], object]


@dataclass(frozen=True)
class Plan:
    """How much is measured. ``limit``: seconds that one call may take; one that is expected to take longer is not made."""

    name: str = "full"
    rounds: int = 5
    processes: int = 9
    sizes: tuple[tuple[int, int, int], ...] = ((2, 3, 3), (8, 8, 8), (16, 16, 16), (32, 32, 32))
    layers: tuple[int, ...] = (5, 20, 100, 1000, 10_000)
    blocks: tuple[int, ...] = (1, 3, 6, 12, 24, 48)
    cases: int | None = None
    claims: int = 200
    trials: int = 20_000
    limit: float = 60.0
    instructions: bool = True
    python: str = sys.executable


QUICK = {
    "name": "quick", "rounds": 3, "processes": 5, "sizes": ((2, 3, 3), (8, 8, 8), (16, 16, 16)), "layers": (5, 20, 100, 300),
    "blocks": (1, 3, 6), "cases": 60, "claims": 60, "trials": 4000, "limit": 3.0,
}  # fmt: skip
TINY = {
    "name": "tiny", "rounds": 1, "processes": 1, "sizes": ((2, 3, 3), (3, 3, 3)), "layers": (2, 4), "blocks": (1, 2), "cases": 3,
    "claims": 3, "trials": 50, "limit": 0.5, "instructions": False,
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """What one method took, round by round, in seconds."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure that counts."""
        return statistics.median(self.rounds)

    def over(self, other: Sample) -> float:
        """How many times the other it took: the median over the rounds, so that a slow spell hits both sides."""
        if len(self.rounds) == len(other.rounds):
            return statistics.median(a / b for a, b in zip(self.rounds, other.rounds, strict=True))
        return self.median / other.median

    def as_json(self) -> dict[str, Any]:
        """Median and spread."""
        return {"median": self.median, "least": min(self.rounds), "greatest": max(self.rounds), "rounds": len(self.rounds)}


Cell = Sample | float | int | str | None


def ratio(a: Cell, b: Cell) -> Cell:
    """How many times b a is; the words of a where it was not measured."""
    return a.over(b) if isinstance(a, Sample) and isinstance(b, Sample) else a if isinstance(a, str) else None


@dataclass
class Table:
    """Rows under columns; a column is a heading with the unit of its numbers: "s", "x", "MiB", "KiB", "M", "/s", "n", "p" or ""."""

    title: str
    columns: Sequence[tuple[str, str]]
    rows: list[list[Cell]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: Cell) -> None:
        """One row."""
        assert len(cells) == len(self.columns), cells
        self.rows.append(list(cells))

    def note(self, text: str) -> None:
        """A paragraph below the table."""
        self.notes.append(" ".join(text.split()))


# ---- inside this process --------------------------------------------------------------


@cache
def _caches(modules: int) -> list[Callable[[], None]]:
    """The emptying of every cache of ours, among so many modules that are loaded, and of sympy's."""
    ours = [vars(module).values() for name, module in list(sys.modules.items()) if name.startswith("shapecalc")]
    out = [value.cache_clear for values in ours for value in values if hasattr(value, "cache_clear")]
    return out + ([sys.modules["sympy.core.cache"].clear_cache] if "sympy.core.cache" in sys.modules else [])


def forget() -> None:
    """Empties every cache of ours, and sympy's: a command pays for cold ones."""
    for clear in _caches(len(sys.modules)):
        clear()


def once(job: Job, cold: bool = True, shortest: float = 0.02, most: int = 20) -> float:
    """Seconds of processor time that a call takes; short ones are made until they add up, and the median counts."""
    found: list[float] = []
    while not found or (sum(found) < shortest and len(found) < most):
        if cold:
            forget()
        gc.collect()
        bytearray(LARGE)  # puts in order what the method before gave back, which the first large piece would wait for
        start = process_time()
        kept = job()
        found.append(process_time() - start)
        del kept
    return statistics.median(found)


def in_turn(jobs: Mapping[str, Job], plan: Plan, costly: float = 5.0) -> dict[str, Sample]:
    """Each job once a round, after one round that does not count; what takes long has fewer rounds. Called "warm", it keeps its caches."""
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(plan.rounds + 1):
        gc.collect()
        gc.freeze()  # what libraries and problems hold is not searched for garbage over and over
        for name, job in jobs.items():
            if sum(found[name]) > costly:
                continue
            took = once(job, cold=not name.endswith("warm"), most=20 if turn and plan.rounds > 1 else 1)
            if turn or took > costly:
                found[name].append(took)
    gc.unfreeze()
    return {name: Sample(tuple(times)) for name, times in found.items()}


def expected(times: Mapping[Any, Cell], work: Callable[[Any], float], power: Callable[[Any], float], key: Any) -> float:
    """What a larger size should take, judging by the largest that was measured; 0 where none was."""
    known = {k: cell.median for k, cell in times.items() if isinstance(cell, Sample)}
    last = max(known, key=work, default=None)
    return known[last] * (work(key) / work(last)) ** power(last) if last is not None else 0.0


def exponent(points: Mapping[float, Cell]) -> float | None:
    """The slope of log time over log size, by least squares over what was measured."""
    pairs = [(math.log(n), math.log(c.median if isinstance(c, Sample) else c)) for n, c in points.items() if isinstance(c, Sample | float)]
    if len(pairs) < 2:
        return None
    return statistics.linear_regression(*zip(*pairs, strict=True)).slope


def installed(name: str) -> bool:
    """Whether a yardstick is there."""
    return importlib.util.find_spec(name) is not None


def kernel() -> float:
    """A fixed piece of plain Python, 20,000 entries put into a dictionary: how fast this machine is just now."""
    return once(lambda: {(k, k & 7): k * k for k in range(20_000)})


# ---- whole processes ------------------------------------------------------------------

# A child's peak counts the size of what forked it, so a bare interpreter starts it and reads the kernel's account of it.
LAUNCHER = """
import os, sys, time
null = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", 0, 0)] + [(os.POSIX_SPAWN_OPEN, k, "/dev/null", 1, 0) for k in (1, 2)]
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=null)
_, status, used = os.wait4(child, 0)
print(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Process:
    """A finished process: seconds on the clock and of the processor, peak memory in MiB, exit code."""

    wall: float
    cpu: float
    peak: float
    code: int


@cache
def _bytecode() -> tempfile.TemporaryDirectory[str]:
    """A folder for byte code, gone at the end: an installed package has its own, a checkout perhaps not."""
    return tempfile.TemporaryDirectory(prefix="bytecode-")


def surroundings() -> dict[str, str]:
    """What a child runs in: our package first, byte code kept between runs, one thread, a fixed order of sets."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    fixed = {"PYTHONPATH": path, "PYTHONPYCACHEPREFIX": _bytecode().name, "PYTHONHASHSEED": "0", "COLUMNS": "100"}
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | fixed | one


def process(command: Sequence[str]) -> Process:
    """Runs a command to its end, its output thrown away."""
    launched = [sys.executable, "-I", "-S", "-c", LAUNCHER, *command]
    done = subprocess.run(launched, capture_output=True, text=True, check=True, env=surroundings(), cwd=ROOT)
    wall, cpu, peak, code = done.stdout.split()
    return Process(float(wall), float(cpu), int(peak) / 1024, int(code))


def asked(python: str, *arguments: str, limit: float | None = None) -> Any:
    """What one of our own programs answers: JSON, on its last line. None where it took too long."""
    try:
        done = subprocess.run(
            [python, *arguments], capture_output=True, text=True, check=False, env=surroundings(), cwd=ROOT, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout.splitlines()[-1])

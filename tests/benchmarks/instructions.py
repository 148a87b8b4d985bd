"""Instruction counts: they hardly depend on how busy a machine is, so that a regression shows where times drown in noise.

    python -m tests.benchmarks.instructions JOB TIMES      one of the core operations, run so many times
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .harness import Job, Plan, Table, forget, process, surroundings
from .problems import affine, mlp

CORE = {
    "closed form": "all gradients of a 10-layer MLP, with certificate",
    "elementwise": "every entry of dW and db, MSE, n = 8",
    "claims": "a sheet with two right claims and a wrong one",
}


def operation(name: str) -> Job:
    """One of the core operations."""
    import shapecalc

    from . import elementwise

    sheet = affine() + "dW = X.T @ dZ\ndb = sum(dZ, axis=0)\ndX = dZ @ W"
    return {
        "closed form": lambda: shapecalc.derive(mlp(10)).backward,
        "elementwise": lambda: elementwise.derived("MSE", 8, 8, 8),
        "claims": lambda: shapecalc.check(sheet),
    }[name]


def repeat(name: str, times: int) -> None:
    """Runs an operation so many times, with cold caches and the same random points."""
    os.urandom = lambda n: bytes(range(n))  # type: ignore[assignment,method-assign]
    job = operation(name)
    for _ in range(times):
        forget()
        job()


def count(command: list[str]) -> float | None:
    """Millions of instructions of a command; None where it fails."""
    process(command)  # writes byte code
    tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    done = subprocess.run([*tool, *command], capture_output=True, text=True, check=False, env=surroundings())
    for line in done.stderr.splitlines():
        if "refs:" in line and "I" in line and not done.returncode:
            return int(line.rpartition(":")[2].replace(",", "")) / 1e6
    return None


def run(plan: Plan) -> Iterator[Table]:
    """Whole processes, then core operations without their start-up."""
    out = Table(
        "Instructions",
        [("what", ""), ("instructions", "M"), ("over python -c pass", "x"), ("over the minimal typer program, --help", "x")],
    )
    out.note(
        """
        valgrind --tool=cachegrind, PYTHONHASHSEED=0. The core operations: a process that does it three times less one
        that does it once, halved, so that start-up and imports are not counted; caches cold, the same random points.
        """
    )
    if not shutil.which("valgrind") or not plan.instructions:
        out.add("not measured: " + ("valgrind is not installed" if plan.instructions else "left out"), None, None, None)
        yield out
        return
    from .startup import HELP, PASS, commands

    with tempfile.TemporaryDirectory() as folder:
        found = {name: count(command) for name, command in commands(plan, Path(folder)).items() if command is not None}
    base, mini = found[PASS], found.get(HELP)
    for name, millions in found.items():
        ratios = [millions / other if millions and other else None for other in (base, mini)]
        out.add(name, "no count" if millions is None else millions, *ratios)
    for name, words in CORE.items():
        command = [sys.executable, "-m", "tests.benchmarks.instructions", name]
        once, thrice = count([*command, "1"]), count([*command, "3"])
        out.add(words, (thrice - once) / 2 if once and thrice else "no count", None, None)
    yield out


if __name__ == "__main__":
    repeat(sys.argv[1], int(sys.argv[2]))

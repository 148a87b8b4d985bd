"""Start-up: whole processes, from nothing to the last line of output."""

from __future__ import annotations

import importlib.util
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from .harness import MISSING, Cell, Plan, Process, Sample, Table, installed, process, surroundings
from .problems import AFFINE
from .yardsticks import TYPER

HEAVY = ("sympy", "rich", "typer", "pydantic", "numpy")
PASS, HELP, IMPORT = "python -c pass", "minimal typer program, --help", 'python -c "import sympy, typer, rich"'
OURS = {
    "shapecalc --version": ("--version",),
    "shapecalc --help": ("--help",),
    "shapecalc derive --no-entries (affine)": ("derive", "--no-entries", AFFINE.replace("\n", ";")),
    "shapecalc affine": ("affine",),
}
AGAINST = {"shapecalc affine": IMPORT}
WANTED = {"shapecalc affine": "1.5x; memory 1.3x", "shapecalc derive --no-entries (affine)": "1.5x, no sympy"}


def commands(plan: Plan, folder: Path) -> dict[str, list[str] | None]:
    """What is run, ours last; None where something is not there."""
    mini = folder / "mini.py"
    mini.write_text(TYPER, encoding="utf-8")
    python = plan.python
    out: dict[str, list[str] | None] = {
        PASS: [python, "-c", "pass"],
        HELP: [python, str(mini), "--help"] if installed("typer") else None,
        "python -c \"import sympy\"": [python, "-c", "import sympy"],
        IMPORT: [python, "-c", "import sympy, typer, rich"],
    }
    there = importlib.util.find_spec("shapecalc.cli") is not None
    return out | {name: [python, "-m", "shapecalc", *words] if there else None for name, words in OURS.items()}


def loaded(command: Sequence[str]) -> str:
    """Which heavy packages a Python command imports."""
    done = subprocess.run([command[0], "-X", "importtime", *command[1:]], capture_output=True, text=True, check=False, env=surroundings())
    trace = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in trace}
    return ", ".join(h for h in HEAVY if h in names) or "none"


def run(plan: Plan) -> Iterator[Table]:
    """All in turn, round by round."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = commands(plan, Path(folder))
        rounds: dict[str, list[Process]] = {name: [] for name in wanted}
        for turn in range(plan.processes + 1):
            for name, command in wanted.items():
                if command is not None:
                    done = process(command)
                    if turn:  # the first one writes byte code
                        rounds[name].append(done)
        loads = {name: loaded(command) for name, command in wanted.items() if command is not None}
    yield _table(rounds, loads)


def _table(rounds: dict[str, list[Process]], loads: dict[str, str]) -> Table:
    out = Table(
        "Whole processes",
        [("command", ""), ("processor", "s"), ("clock", "s"), ("over python -c pass", "x"), ("over its yardstick", "x"), ("wanted", ""),
         ("peak", "MiB"), ("peak over its yardstick", "x"), ("heavy imports", "")],
    )  # fmt: skip
    out.note(
        f"""
        The yardstick is the {HELP}; for `affine` it is {IMPORT}. Ratios are of processor time (user and system). Output
        goes to /dev/null, so nothing is drawn for a terminal. With typer 0.29 the minimal program loads pydantic when it
        runs, not for its help. `.pth` files of an environment slow every start, and make ratios look better: a fresh
        environment (`--python`) shows most.
        """
    )
    cpu = {name: Sample(tuple(p.cpu for p in found)) for name, found in rounds.items() if found}
    peak = {name: max(p.peak for p in found) for name, found in rounds.items() if found}
    for name, found in rounds.items():
        if not found:
            out.add(name, "not there yet" if name in OURS else MISSING, *[None] * 7)
            continue
        failed = {p.code for p in found} - {0}
        against = AGAINST.get(name, HELP)
        over: list[Cell] = [None, None]
        if name in OURS and against in cpu:
            over = [cpu[name].over(cpu[against]), peak[name] / peak[against]]
        times: list[Cell] = [f"exit code {failed.pop()}"] * 2 if failed else [cpu[name], Sample(tuple(p.wall for p in found))]
        ratio = None if name == PASS else cpu[name].over(cpu[PASS])
        out.add(name, *times, ratio, over[0], WANTED.get(name, "1.5x") if name in OURS else "", peak[name], over[1], loads[name])
    return out

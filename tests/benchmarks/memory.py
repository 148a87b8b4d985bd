"""Peak memory, each figure in a process of its own: what a piece of work needs over what the process had before it.

    python -m tests.benchmarks.memory JOB N
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from .harness import MISSING, Cell, Plan, Table, asked, exponent, installed
from .problems import LOSSES, affine, mlp

Work = Callable[[int], object]


def status(name: str) -> float:
    """A line of the kernel's account of this process, in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(name)


def jobs() -> dict[str, Work]:
    """What is measured, by name; each takes a size."""
    import shapecalc

    from . import elementwise, yardsticks
    from .scalar_graph import scalar_graph

    def sheets(count: int) -> float:
        """So many sheets with a right and a wrong claim, all different; nothing is kept."""
        for k in range(count):
            shapecalc.check(affine() + f"dW = {k + 2}*X.T @ dZ / {k + 2}\ndb = sum(dZ, axis=1) * {k + 2}")
        gc.collect()
        return status("VmRSS")

    out: dict[str, Work] = {"mlp": lambda n: shapecalc.derive(mlp(n)).backward, "matrix graph": yardsticks.matrix_graph, "sheets": sheets}
    for loss in LOSSES:
        for name, method in (*elementwise.METHODS.items(), ("scalar graph", scalar_graph)):
            out[f"{loss}, {name}"] = lambda n, method=method, loss=loss: method(loss, n, n, n)
    return out


def measured(name: str, n: int) -> dict[str, float]:
    """What a job needs: MiB before, at the peak, and after it."""
    work = jobs()[name]
    kept = work(2)  # loads what is loaded once
    del kept
    gc.collect()
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    kept = work(n)
    return {"before": before, "peak": status("VmHWM"), "after": status("VmRSS"), "kept": kept is not None}


def needed(plan: Plan, name: str, n: int) -> Cell:
    """MiB over what the process had; a string where there is no figure."""
    found = asked(sys.executable, "-m", "tests.benchmarks.memory", name, str(n), limit=max(60, 4 * plan.limit))
    return "no answer" if found is None else float(found["peak"] - found["before"])


def run(plan: Plan) -> Iterator[Table]:
    """Element-wise, by depth, and over many sheets."""
    if not Path("/proc/self/clear_refs").exists():
        out = Table("Memory", [("", "")])
        out.note(
            """
            Needs Linux's /proc.
            """
        )
        yield out
        return
    yield _elementwise(plan)
    yield _depth(plan)
    yield _sheets(plan)


def _elementwise(plan: Plan) -> Table:
    names = ("derived", "written", "scalar graph", "symengine", "sympy")
    out = Table(
        "Peak memory of dW and db, element by element",
        [("loss", ""), ("n", "n"), *((name, "MiB") for name in names), ("derived / scalar graph", "x"), ("bytes a summand, derived", "n")],
    )
    out.note(
        """
        Over what the process had before; below 0.3 MiB nothing is to be read. The answer has n³ + n² summands. Wanted: at
        most twice the scalar graph.
        """
    )
    largest = {"sympy": 8, "symengine": 16}
    for loss in LOSSES[: 1 if plan.name == "tiny" else None]:
        for n in [s[0] for s in plan.sizes if len(set(s)) == 1 and s[0] >= 16] or [plan.sizes[-1][0]]:
            cells: dict[str, Cell] = {}
            for name in names:
                there = name not in largest or installed(name)
                cells[name] = MISSING if not there else "not run" if n > largest.get(name, n) else needed(plan, f"{loss}, {name}", n)
            ours, graph = cells["derived"], cells["scalar graph"]
            known = isinstance(ours, float) and isinstance(graph, float)
            out.add(loss, n, *cells.values(), ours / max(graph, 0.1) if known else None, ours * 2**20 / (n**3 + n**2) if known else None)  # type: ignore[operator]
    return out


def _depth(plan: Plan) -> Table:
    out = Table(
        "Peak memory of all gradients of an MLP, by layers",
        [("layers", "n"), ("ours, with certificate", "MiB"), ("a layer", "KiB"), ("bare matrix graph", "MiB")],
    )
    layers = [n for n in plan.layers if n <= (1000 if plan.name == "full" else 300)]
    found = {n: needed(plan, "mlp", n) for n in layers}
    for n, cell in found.items():
        each = cell * 1024 / n if isinstance(cell, float) else None
        out.add(n, cell, each, needed(plan, "matrix graph", n))
    slope = exponent({n: cell for n, cell in found.items() if n >= min(100, max(layers)) and isinstance(cell, float) and cell > 0})
    if slope is not None:
        out.notes.append(f"Memory as a power of the number of layers: {slope:.2f}.")
    return out


def _sheets(plan: Plan) -> Table:
    out = Table(
        "A process that checks one sheet after another (a right and a wrong claim each, all different)",
        [("sheets", "n"), ("resident at the end", "MiB")],
    )
    out.note(
        """
        Wanted: flat.
        """
    )
    count = 50 if plan.name == "full" else 10
    for n in (count, 4 * count, 16 * count) if plan.name != "tiny" else (1, 2):
        found = asked(sys.executable, "-m", "tests.benchmarks.memory", "sheets", str(n), limit=600)
        out.add(n, "no answer" if found is None else float(found["after"]))
    return out


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured(sys.argv[1], int(sys.argv[2]))) + "\n")

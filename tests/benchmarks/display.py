"""Tables as Markdown and as JSON."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from .harness import MISSING, Cell, Sample, Table

TOOLS = ("sympy", "typer", "rich", "symengine", "tensorgrad", "pytensor", "torch", "numpy")


def time(seconds: float) -> str:
    """A time in a unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds / size < 1000 else f"{seconds / size:,.0f} {unit}"
    return f"{seconds * 1e6:.2g} µs"


def number(value: float, unit: str) -> str:
    """A number with its unit."""
    match unit:
        case "s":
            return time(value)
        case "x":
            return f"{value:,.0f}x" if value >= 100 else f"{value:.3g}x"
        case "n":
            return f"{value:,.0f}"
        case "p":
            return f"{value:.4f}"
        case "/s":
            return f"{value:,.0f} /s"
        case "":
            return f"{value:.2f}"
    return f"{value:,.1f} {unit}"


def written(cell: Cell, unit: str) -> str:
    """A cell as text; of a sample the median, and how far the rounds were apart where that is much."""
    match cell:
        case None:
            return ""
        case str():
            return cell.replace("|", "\\|")
        case Sample():
            least, greatest = min(cell.rounds), max(cell.rounds)
            spread = f" ({time(least)} to {time(greatest)})" if greatest > 1.25 * least else ""
            return time(cell.median) + spread
    return number(cell, unit)


def markdown(table: Table) -> Iterator[str]:
    """The lines of a table."""
    yield f"### {table.title}"
    yield ""
    yield "| " + " | ".join(name for name, _ in table.columns) + " |"
    yield "|" + "".join("---:|" if unit else "---|" for _, unit in table.columns)
    for row in table.rows:
        yield "| " + " | ".join(written(c, unit) for c, (_, unit) in zip(row, table.columns, strict=True)) + " |"
    for note in table.notes:
        yield ""
        yield note
    yield ""


def as_json(table: Table) -> dict[str, Any]:
    """The same with all digits."""
    rows = [[c.as_json() if isinstance(c, Sample) else c for c in row] for row in table.rows]
    columns = [{"name": name, "unit": unit} for name, unit in table.columns]
    return {"title": table.title, "columns": columns, "rows": rows, "notes": table.notes}


def about(plan: str, python: str, kernel: float) -> dict[str, str]:
    """What was measured on."""
    versions = {name: _version(name) for name in TOOLS}
    return {
        "plan": plan,
        "Python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}",
        "20,000 dictionary entries in plain Python": time(kernel),
        **({} if python == sys.executable else {"start-up measured with": Path(python).name}),
        **versions,
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return MISSING


def page(facts: Mapping[str, str], sections: Mapping[str, Iterable[Table]]) -> str:
    """Everything as Markdown."""
    lines = ["; ".join(f"{name}: {value}" for name, value in facts.items()) + ".", ""]
    for name, tables in sections.items():
        lines += [f"## {name}", ""]
        for table in tables:
            lines += markdown(table)
    return "\n".join(lines)

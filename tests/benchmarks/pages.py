"""Pages: what a format adds to the derivation that it shows, as whole processes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from shapecalc.gallery import sheets

from .harness import Cell, Plan, Process, Sample, Table, installed, process

SHEETS = ("affine", "softmax-regression", "mlp")
FORMATS = ("text", "latex", "markdown", "html", "typst", "json", "notebook", "svg", "pdf", "png")
NEEDS_TYPST = ("svg", "pdf", "png")


def run(plan: Plan) -> Iterator[Table]:
    """Every format after the derivation as a terminal gets it, round by round."""
    out = Table("A page in each format", [("format", ""), *((n, "s") for n in SHEETS), *((f"{n}, over derive", "x") for n in SHEETS)])
    out.note(
        """
        `shapecalc render SHEET -o page.SUFFIX` beside `shapecalc derive SHEET`, which writes the same page as text to a pipe; processor
        time of whole processes. Wanted: at most 1.3x for what is text, and 0.3 s more for a PDF by typst.
        """
    )
    with tempfile.TemporaryDirectory() as folder:
        taken = {name: measured(name, Path(folder), plan) for name in SHEETS}
    base = {name: found["derive"] for name, found in taken.items()}
    for fmt in ("derive", *FORMATS):
        times: list[Cell] = [taken[n].get(fmt, "not installed") for n in SHEETS]
        out.add(fmt, *times, *(t.over(base[n]) if isinstance(t, Sample) else None for n, t in zip(SHEETS, times, strict=True)))
    if "pdf" in taken[SHEETS[0]]:
        added = ", ".join(f"{taken[n]['pdf'].median - base[n].median:.2f} s for {n}" for n in SHEETS)
        out.note(f"A PDF takes {added} more than the derivation.")
    yield out


def measured(name: str, folder: Path, plan: Plan) -> dict[str, Sample]:
    """Seconds of the processor for each format of one sheet."""
    source = folder / f"{name}.sheet"
    source.write_text(sheets()[name].text, encoding="utf-8")
    ours = [plan.python, "-m", "shapecalc"]
    commands = {"derive": [*ours, "derive", str(source)]}
    for fmt in FORMATS:
        if fmt not in NEEDS_TYPST or installed("typst"):
            commands[fmt] = [*ours, "render", str(source), "--to", fmt, "-o", str(folder / f"page.{fmt}")]
    rounds: dict[str, list[Process]] = {fmt: [] for fmt in commands}
    for turn in range(plan.processes + 1):
        for fmt, command in commands.items():
            done = process(command)
            if turn:  # the first one writes byte code
                rounds[fmt].append(done)
    failed = [" ".join(commands[fmt]) for fmt, found in rounds.items() if any(p.code for p in found)]
    assert not failed, failed
    return {fmt: Sample(tuple(p.cpu for p in found)) for fmt, found in rounds.items()}

"""The example notebook, executed by a kernel of its own: its outputs are brought up to date, or compared."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).resolve().parent / "example.ipynb"


def executed(path: Path = EXAMPLE) -> Any:
    """The notebook with the outputs that its cells have now."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, 4)  # type: ignore[no-untyped-call]
    # the kernel finds the package that is being tested, wherever that lies
    environment = os.environ | {"PYTHONPATH": str(path.parent.parent), "PYTHONIOENCODING": "utf-8"}
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(env=environment)
    for cell in notebook.cells:
        cell.metadata = {}
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def outputs(notebook: Any) -> list[str]:
    """What each cell shows, as text."""
    out = []
    for cell in notebook.cells:
        shown = [o.get("data") or o.get("text") or o.get("ename") for o in cell.get("outputs", ())]
        out.append("\n".join(str(s if isinstance(s, str) else "\n".join(f"{k}: {s[k]}" for k in sorted(s))) for s in shown))
    return out


def refresh(same: Callable[[list[str], list[str]], bool], write: bool = True) -> bool:
    """Whether an output has changed; then the notebook is written anew."""
    import nbformat

    before, after = nbformat.read(EXAMPLE, 4), executed()  # type: ignore[no-untyped-call]
    if all(same(a.splitlines(), b.splitlines()) for a, b in zip(outputs(before), outputs(after), strict=True)):
        return False
    if write:
        nbformat.write(after, EXAMPLE)  # type: ignore[no-untyped-call]
    return True

"""The magics in a shell, and the example notebook with a kernel of its own."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import require_module

import shapecalc
from shapecalc.publishing.shown import Shown

DOCS = Path(__file__).resolve().parent.parent / "docs"
SHEET = "X: (S, D); W: (D, M); b: (M,)\nZ = X @ W + b"
CLAIMS = SHEET + "\ndW = dZ.T @ X\ndX = dZ @ W.T"


@pytest.fixture
def shell() -> Any:
    require_module("IPython")
    from IPython.core.interactiveshell import InteractiveShell

    found = InteractiveShell()
    found.run_line_magic("load_ext", "shapecalc")
    return found


def shown(shell: Any, value: object) -> dict[str, str]:
    """What a notebook is given to show."""
    data, _ = shell.display_formatter.format(value)
    return dict(data)


def test_a_derivation_shows_its_latex_and_its_text_and_nothing_else(shell: Any):
    data = shown(shell, shell.run_cell_magic("derive", "--wrt W,b", SHEET))
    assert set(data) == {"text/latex", "text/plain"}
    assert data["text/latex"].startswith(r"$$\begin{aligned} \frac{\partial L}{\partial W} &= X^{\top}")
    assert data["text/plain"] == "∂L/∂W = Xᵀ ∂L/∂Z   (D, M)   dW = X.T @ dZ\n∂L/∂b = 𝟏ᵀ ∂L/∂Z   (M,)     db = sum(dZ, axis=0)"


def test_every_kind_of_result_shows_itself(shell: Any):
    d = shapecalc.derive(SHEET)
    j = shapecalc.jacobian("W: (M, N); x: (N,); y = W @ x", wrt="x")
    report = shapecalc.check(CLAIMS)
    assert shown(shell, d["b"])["text/plain"] == "∂L/∂b = 𝟏ᵀ ∂L/∂Z   (M,)   db = sum(dZ, axis=0)"
    assert shown(shell, j) == {"text/latex": r"$$\frac{\partial y}{\partial x} = W$$", "text/plain": "∂y/∂x = W"}
    for found in (report, report.claims[0], d["W"].judge("dZ @ X")):
        data = shown(shell, found)
        assert set(data) == {"text/markdown", "text/plain"}
        assert "dW" in data["text/plain"]
    assert repr(d["b"]) == "Gradient('b', 'sum(dZ, axis=0)')"


@pytest.mark.parametrize(
    ("line", "kind", "holds"),
    [
        ("--steps short", "text/markdown", "## The backward pass"),
        ("--steps full --views index", "text/markdown", "### Index formula"),
        ("--steps none --layout numerator", "text/markdown", "in numerator layout"),
        ("--layout both", "text/markdown", "## The same under every convention"),
        ("--at S=2,D=2,M=2 --numbers", "text/markdown", "## With numbers"),
        ("--bold-matrices --steps none", "text/markdown", r"\boldsymbol{X}"),
        ("--tex", "text/markdown", "```latex\n\\begin{aligned}"),
        ("--tex --steps short", "text/markdown", r"\section*{The problem}"),
        ("--html --steps none", "text/html", "<iframe srcdoc="),
        ("--picture graph", "image/svg+xml", "<svg"),
        ("--picture broadcasting --wrt b", "image/svg+xml", "copied into every row"),
    ],
)
def test_options_of_a_cell(shell: Any, line: str, kind: str, holds: str):
    found = shell.run_cell_magic("derive", line, SHEET)
    assert isinstance(found, Shown)
    data = shown(shell, found)
    assert set(data) == {kind, "text/plain"}
    assert holds in data[kind]
    assert str(found) == data["text/plain"]


def test_results_are_kept_under_a_name(shell: Any):
    shell.run_cell_magic("derive", "--name d", SHEET)
    shell.run_cell_magic("check", "--name r --layout numerator", CLAIMS)
    assert shell.user_ns["d"]["b"].formula == "sum(dZ, axis=0)"
    assert [c.verdict for c in shell.user_ns["r"].claims] == ["right", "wrong"]


@pytest.mark.parametrize(
    ("magic", "line", "cell", "says"),
    [
        ("derive", "", "X: (S, D); Y: (S, M); Z = X @ Y", "X has D columns, but Y has S rows"),
        ("derive", "--what", SHEET, "unrecognized arguments: --what"),
        ("derive", "--steps some", SHEET, "invalid choice: 'some'"),
        ("derive", "--at S", SHEET, "S is no size"),
        ("derive", "--views entry", SHEET, "there is no view entry"),
        ("derive", "'", SHEET, "No closing quotation in the line of %%derive"),
        ("derive", "--name 1", SHEET, "1 is no name for a result"),
        ("check", "--layout both", CLAIMS, "invalid choice: 'both'"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(shell: Any, magic: str, line: str, cell: str, says: str):
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        shell.run_cell_magic(magic, line, cell)
    lines = caught.value._render_traceback_()
    assert says in "\n".join(lines)
    assert not any("Traceback" in x or ".py" in x for x in lines)


def test_the_magics_can_be_unloaded(shell: Any):
    shell.run_line_magic("unload_ext", "shapecalc")
    assert not {"derive", "check"} & set(shell.magics_manager.magics["cell"])


def test_the_example_is_executed_and_shows_what_it_showed():
    for name in ("nbformat", "nbclient", "ipykernel"):
        require_module(name)
    sys.path.insert(0, str(DOCS))
    notebooks, examples = importlib.import_module("notebooks"), importlib.import_module("examples")
    assert not notebooks.refresh(examples.same, write=False), "bring it up to date with: python docs/refresh.py example.ipynb"

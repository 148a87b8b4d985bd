"""The house rules: what is true of the source whatever it computes."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import missing, require

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "shapecalc"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in SOURCES]

LINES_OF_A_MODULE = 320
LINES_OF_A_FUNCTION = 60
TOP_LEVEL = {"pyproject.toml", "shapecalc", "tests", "docs", "README.md", "LICENSE"}
MACHINE_PATH = re.compile(rb"(?<![\w.~])/(?:work|home|root|Users)/")


def run(*command: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=240, check=False)
    if ok and done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}", pytrace=False)
    return done


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, *arguments)


def loaded_by(program: str) -> set[str]:
    """The top-level packages that Python imports while it runs this program."""
    done = run(sys.executable, "-X", "importtime", "-c", program, ok=False)
    trace = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if line not in trace)
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in trace}


def files() -> list[Path]:
    """What is committed, or would be by ``git add .``, relative to the root."""
    git = require("git")
    listing = run(git, "ls-files", "-z", "--cached", "--others", "--exclude-standard", ok=False)
    if listing.returncode:
        missing(f"a git checkout ({listing.stderr.strip()})")
    return [Path(name) for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


# ---- linters --------------------------------------------------------------------------


def test_ruff():
    python("-m", "ruff", "check", "--no-cache", ".")


def test_mypy():
    python("-m", "mypy", "--strict", "shapecalc")


def test_import_contracts():
    python("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache")


# ---- sizes ------------------------------------------------------------------------------


def test_no_module_is_too_long():
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert lengths
    long = [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > LINES_OF_A_MODULE]
    assert not long, f"over {LINES_OF_A_MODULE} lines:\n" + "\n".join(long)


def test_no_function_is_too_long():
    long = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LINES_OF_A_FUNCTION:
                    long.append(f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {node.name}: {lines} lines")
    assert not long, f"over {LINES_OF_A_FUNCTION} lines:\n" + "\n".join(long)


# ---- examples ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str):
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert not result.failed, f"{result.failed} of {result.attempted} examples of {name} fail: see the output"


# ---- what is loaded ---------------------------------------------------------------------


def test_the_instrument_sees_imports():
    assert "sympy" in loaded_by("import sympy")


def test_import_is_light():
    heavy = loaded_by("import shapecalc") & {"sympy", "rich", "typer", "numpy"}
    assert not heavy, f"import shapecalc loads {heavy}"


def test_help_does_not_load_sympy():
    program = "import sys; sys.argv = ['shapecalc', '--help']; from shapecalc.cli import main; sys.exit(main())"
    heavy = loaded_by(program) & {"sympy", "numpy"}
    assert not heavy, f"shapecalc --help loads {heavy}"


# ---- the repository -----------------------------------------------------------------------


def test_top_level_holds_only_what_belongs_there():
    strange = {top for path in files() if not (top := path.parts[0]).startswith(".")} - TOP_LEVEL
    assert not strange, f"not at the top level: {sorted(strange)}"


def test_no_path_of_a_machine():
    found = [path.as_posix() for path in files() if MACHINE_PATH.search((ROOT / path).read_bytes())]
    assert not found, f"an absolute path of somebody's machine in {found}"


def test_ci_runs_what_the_readme_says():
    said = [line.strip() for line in (ROOT / "README.md").read_text().splitlines() if "-m pytest" in line]
    command = said[0].rpartition("&& ")[2]
    assert command in (ROOT / ".ci" / "run").read_text(), f"the README says {command}"

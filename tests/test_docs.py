"""README and docs: every example is run, every output is the one shown, generated pages are fresh, every link leads somewhere."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import require_module

from shapecalc.checking.search import ORDER
from shapecalc.cli.options import COMMANDS
from shapecalc.errors import ShapecalcError
from shapecalc.language.sheet import PROPERTIES
from shapecalc.ops import BOOK

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))
examples = importlib.import_module("examples")
generated = importlib.import_module("generated")

PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LIMITS = tomllib.loads((DOCS / "limits.toml").read_text(encoding="utf-8"))
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


# ---- examples -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", examples.pages(), ids=lambda p: p.name)
def test_examples_have_the_output_that_is_shown(path: Path):
    stale = [
        f"{path.name}, the block in line {answer.block.line}, is now:\n{answer.body}"
        for answer in examples.run(text(path))
        if not answer.agrees
    ]
    assert not stale, "\n".join([*stale, "bring it up to date with: python docs/refresh.py"])


def test_every_kind_of_example_is_met():
    met = {b.language for path in PAGES for b in examples.blocks(text(path))}
    assert {"console", "python", "shapecalc"} <= met


@pytest.mark.parametrize(
    ("shown", "found", "alike"),
    [
        ("a\nb", "a\nb", True),
        ("a\nb", "a\nc", False),
        ("a", "a\nb", False),
        ("a\n...\nd", "a\nb\nc\nd", True),
        ("a\n...\nd", "a\nb\nc", False),
        ("...\nb\n...", "a\nb\nc", True),
        ("...\nb\n...", "a\nc", False),
        ("...\nc\n...\nb\n...", "a\nb\nc", False),
        ("at 3 random points: 2⁻⁵⁹", "at 2 random points: 2⁻⁵⁸", True),
        ("S = 2", "S = 3", False),
    ],
)
def test_outputs_are_compared_line_by_line(shown: str, found: str, alike: bool):
    assert examples.same(shown.splitlines(), found.splitlines()) is alike


def test_a_wrong_output_and_a_wrong_verdict_are_noticed():
    sheet = "X: (S, D); W: (D, M); Z = X @ W\ndW = X @ dZ  # right\n"
    page = f"```console\n$ echo yes\nno\n```\n```python\n>>> 1 + 1\n3\n```\n```shapecalc\n{sheet}```\n"
    bodies = [answer.body for answer in examples.run(page)]
    assert bodies[:2] == ["$ echo yes\nyes\n", ">>> 1 + 1\n2\n"]
    assert bodies[2].endswith("# ill-shaped: nonconformable\n")


def test_a_traceback_is_never_an_output():
    with pytest.raises(examples.Broken):
        list(examples.run("```console\n$ python -c 1/0\n```\n"))


# ---- pages that are made ---------------------------------------------------------------------


@pytest.mark.parametrize("name", generated.PAGES)
def test_generated_pages_are_fresh(name: str):
    assert text(DOCS / name) == generated.PAGES[name]().rstrip("\n") + "\n", "bring it up to date with: python docs/refresh.py"


def test_every_operation_has_its_line():
    page = text(DOCS / "operations.md")
    assert [n for n in BOOK if f"| `{n}`" not in page and n not in generated.INSIDE] == []


ROWS = [(r, p["refused"]) for p in LIMITS["part"] for r in p["row"]]


@pytest.mark.parametrize(("row", "refused"), ROWS, ids=[r["what"][:60] for r, _ in ROWS])
def test_limits_are_as_they_are_published(row: dict[str, str], refused: bool):
    ask = row["ask"]
    said = generated.answer(ask, row.get("claim"))
    assert f"`{generated.asked(row)}` | {said}".replace("|", "") in text(DOCS / "limits.md").replace("|", "")
    assert said.startswith("*refused*") is refused
    if refused:
        derive = importlib.import_module("shapecalc").derive
        with pytest.raises(ShapecalcError):
            derive(ask)


# ---- what the pages must hold ----------------------------------------------------------------


def test_two_commands_from_a_clone_to_passing_tests():
    first, second = (b.body.strip() for b in examples.blocks(README) if b.language == "sh")
    for command in (first, second):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
        assert "\n" not in command
    assert first.endswith(".venv/bin/shapecalc affine")
    assert ".venv/bin/python -m pytest" in second
    assert "apt install python3-venv" in README


def test_the_language_is_on_its_page():
    page = text(DOCS / "language.md")
    assert [word for word in PROPERTIES if f"`{word}`" not in page] == []


def test_every_slip_is_in_the_glossary():
    page = text(DOCS / "glossary.md")
    assert [slug for slug in ORDER if f"`{slug}`" not in page] == []


def test_every_command_is_shown():
    shown = "\n".join(text(p) for p in PAGES)
    assert [c.name for c in COMMANDS if f"shapecalc {c.name}" not in shown] == []


def test_the_floors_are_those_of_the_contract():
    contract = tomllib.loads(text(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"][0]["layers"]
    (drawn,) = (b.body for b in examples.blocks(text(DOCS / "design.md")) if b.body.startswith("cli |"))
    lines = [set(re.findall(r"\w+", line[:46])) for line in drawn.splitlines()]
    place = 0
    for layer in contract:
        rooms = set(re.findall(r"shapecalc\.(\w+)", layer))
        found = next((k for k in range(place, len(lines)) if rooms <= lines[k]), None)
        assert found is not None, f"docs/design.md does not show {rooms} at that height"
        place = found


# ---- links ---------------------------------------------------------------------------------------


def anchors(page: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", FENCED.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", h).lower()).strip().replace(" ", "-") for h in heads}


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(path: Path):
    lost = []
    for target in LINK.findall(FENCED.sub("", text(path))):
        file, _, anchor = target.partition("#")
        if "://" in target or file.startswith("mailto:"):
            continue
        there = (path.parent / file).resolve() if file else path
        if not there.exists() or (anchor and anchor not in anchors(text(there))):
            lost.append(target)
    assert not lost


def test_every_page_is_listed():
    listed = set(re.findall(r"\]\((\S+)\.md\)", text(DOCS / "index.md")))
    assert {p.stem for p in DOCS.glob("*.md")} - listed <= {"index", "benchmarks"}


def test_the_site_builds_without_a_warning(tmp_path: Path):
    for name in ("sphinx", "furo", "myst_parser", "latex2mathml"):
        require_module(name)
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "--keep-going", str(DOCS), str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    foreign = re.compile(r'<(?:script|link|img)[^>]*(?:src|href)="(https?://[^"]+)"')
    loaded = {address for page in (tmp_path / "site").glob("*.html") for address in foreign.findall(text(page))}
    assert not loaded, "a page that loads something from the network"
    assert "<math" in text(tmp_path / "site" / "trust.html")

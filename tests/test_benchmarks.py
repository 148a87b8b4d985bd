"""The benchmarks run and say what they saw. Nothing here depends on how long anything takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.display import as_json, markdown
from benchmarks.harness import Plan, Sample, Table, exponent, in_turn

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = ("startup", "elementwise", "closed", "identities", "claims", "pages", "memory", "instructions")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.mark.benchmark
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_runs(section, tmp_path):
    file = tmp_path / "figures.json"
    done = run("--quick", "--tiny", "--sections", section, "--json", str(file))
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["about"]["plan"] == "tiny"
    tables = found["sections"][section]
    assert tables
    for table in tables:
        assert table["title"] in done.stdout
        assert table["rows"]
        for row in table["rows"]:
            assert len(row) == len(table["columns"])
            for cell in row:
                assert cell is None or isinstance(cell, str | int | float) or {"median", "least", "greatest", "rounds"} == set(cell)


def test_a_section_that_does_not_exist():
    done = run("--sections", "nothing")
    assert done.returncode == 1
    assert "there is no section nothing" in done.stderr


def test_ratios_are_taken_round_by_round():
    slow_spell = Sample((2.0, 20.0, 2.0, 2.0)), Sample((1.0, 10.0, 1.0, 1.0))
    assert slow_spell[0].over(slow_spell[1]) == 2


def test_exponent():
    assert exponent({n: Sample((n**2.0,)) for n in (10, 100, 1000)}) == pytest.approx(2)
    assert exponent({10: Sample((1.0,)), 100: "not run"}) is None


def test_methods_take_turns():
    order: list[str] = []
    found = in_turn({name: lambda name=name: order.append(name) or [*range(10**6)] for name in "ab"}, Plan(rounds=2))
    assert "".join(dict.fromkeys(order)) == "ab"
    assert [len(s.rounds) for s in found.values()] == [2, 2]
    assert order.index("b") < len(order) - 1 - order[::-1].index("a")


def test_tables():
    table = Table("T", [("what", ""), ("time", "s"), ("ratio", "x")])
    table.add("a|b", Sample((0.002, 0.001, 0.004)), 1234.5)
    table.add("c", "not installed", None)
    assert list(markdown(table))[2:6] == [
        "| what | time | ratio |",
        "|---|---:|---:|",
        "| a\\|b | 2 ms (1 ms to 4 ms) | 1,234x |",
        "| c | not installed |  |",
    ]
    assert as_json(table)["rows"][0] == ["a|b", {"median": 0.002, "least": 0.001, "greatest": 0.004, "rounds": 3}, 1234.5]

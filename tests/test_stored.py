"""Stored results judged again: what was written is confirmed, whatever was changed is found, and hostile JSON is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import shapecalc
from shapecalc.calculus.gradients import backward
from shapecalc.cli import main
from shapecalc.errors import InputProblem, ShapecalcError
from shapecalc.forms import apply
from shapecalc.language.sheet import read
from shapecalc.stored import recheck, several
from shapecalc.verify.gaps import telling, told
from shapecalc.verify.judge import Judge
from shapecalc.verify.trials import REAL
from shapecalc.verify.undecided import Undecided

AFFINE = "X: (S, D); W: (D, M); b: (M,); Y: (S, M); Z = X @ W + b; L = sum((Z - Y)**2)/(2*S)"
PROBLEMS = (
    AFFINE,
    "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b",
    "Z: (S, M); Y: onehot (S, M); L = -sum(Y * log(softmax(Z))) / S",
    "A: symmetric (n, n); x: (n,); L = x @ A @ x",
    "x: (n,); L = sum(cumsum(x)**2)",
    "def f(x)\nx: (n,); L = sum(f(x))",
    "A: (i, j, k); B: (k, l, j); C: (i, l); L = sum(einsum('ijk,klj->il', A, B) * C)",
)
SHEET = "X: (S, D); W: (D, M); Z = X @ W\ndW = X.T @ dZ\ndX = dZ @ W\ndW = 2 * X.T @ dZ\ndW = ((\n"


def stored(source, **options):
    return json.loads(str(shapecalc.derive(source, **options).to("json")))


def report(capsys, *words):
    main(["check", *words, "--format", "json"])
    return json.loads(capsys.readouterr().out.splitlines()[0])


def wrong(data):
    """What is found not to be right, by name."""
    return {p.name: p.reason for p in recheck(json.dumps(data)).parts if p.verdict != "right"}


# ---- what was written ----------------------------------------------------------------------------------


@pytest.mark.parametrize("source", PROBLEMS)
@pytest.mark.parametrize("layout", ["denominator", "numerator"])
def test_derivations_are_confirmed(source, layout):
    assert wrong(stored(source, layout=layout)) == {}


def test_partials_by_distinct_entries_are_confirmed():
    assert wrong(stored(PROBLEMS[3], structured=True)) == {}


@pytest.mark.parametrize("source", ["W: (M, N); x: (N,); y = tanh(W @ x)", "X: (m, n); W: (n, k); Z = X @ W"])
@pytest.mark.parametrize("vec", [True, False])
@pytest.mark.parametrize("layout", ["denominator", "numerator"])
def test_jacobians_are_confirmed(source, vec, layout):
    found = json.loads(str(shapecalc.jacobian(source, layout=layout, vec=vec).to("json")))
    assert wrong(found) == {}


def test_hessians_are_confirmed_and_changed_ones_are_not():
    found = json.loads(str(shapecalc.hessian("A: (N, N); x: (N,); b: (N,); L = x @ A @ x + b @ x", wrt="x").to("json")))
    assert wrong(found) == {}
    assert wrong(found | {"formula": "2 * A"}) == {"d2L/dx2": "it is not the derivative"}
    assert wrong(found | {"wrt2": "b"}) != {}


def test_reports_are_confirmed(capsys):
    found = report(capsys, SHEET)
    assert [c["verdict"] for c in found["claims"]] == ["right", "ill-shaped", "wrong", "unreadable"]
    assert wrong(found) == {}


def test_a_report_on_a_file_of_another_kind(tmp_path, capsys):
    path = tmp_path / "notes.md"
    path.write_text(f"# Notes\n\n```shapecalc\n{SHEET}```\n", encoding="utf-8")
    assert wrong(report(capsys, str(path))) == {}


def test_a_fresh_process_confirms_a_file(tmp_path):
    path = tmp_path / "result.json"
    shapecalc.derive(AFFINE).save(path)
    command = [sys.executable, "-m", "shapecalc", "verify", str(path)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env={**os.environ, "PYTHONIOENCODING": "utf-8"}, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "right     dW = X.T @ dZ" in done.stdout
    path.write_text(path.read_text(encoding="utf-8").replace("X.T @ dZ", "X.T @ dZ * 2"), encoding="utf-8")
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env={**os.environ, "PYTHONIOENCODING": "utf-8"}, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "wrong     dW = X.T @ dZ * 2\n            it is not the derivative" in done.stdout


# ---- what was changed -----------------------------------------------------------------------------------


def spoilt():
    """(what, how to spoil it, the part that is found to be wrong)."""
    yield "formula", lambda d: d["gradients"]["W"].update(formula="-X.T @ dZ"), "dW"
    yield "expanded", lambda d: d["gradients"]["W"].update(expanded="X.T @ (Z - Y)"), "dW"
    yield "unreadable", lambda d: d["gradients"]["W"].update(formula="X.T @ @"), "dW"
    yield "unknown name", lambda d: d["gradients"]["W"].update(formula="X.T @ Q"), "dW"
    yield "shape", lambda d: d["gradients"]["W"].update(shape=["M", "D"]), "dW"
    yield "another shape", lambda d: d["gradients"]["b"].update(formula="dZ"), "db"
    yield "latex", lambda d: d["gradients"]["W"].update(latex="X"), "dW"
    yield "reduction", lambda d: d["gradients"]["b"]["reduction"].update(axis=1), "db"
    yield "no reduction", lambda d: d["gradients"]["b"].update(reduction=None), "db"
    yield "symbol", lambda d: d["gradients"]["b"].update(symbol="dW"), "db"
    yield "recognised", lambda d: d["gradients"]["b"].update(recognised=False), "db"
    yield "backward", lambda d: d["backward"][0].update(formula="Z - Y"), "dZ"
    yield "a line less", lambda d: d["backward"].pop(), "backward"
    yield "a line twice", lambda d: d["backward"].append(d["backward"][0]), "backward"
    yield "a line of something else", lambda d: d["backward"].append({"of": "Q", "symbol": "dQ", "formula": "X", "shape": []}), "dQ"
    yield "source", lambda d: d.update(source=AFFINE.replace("(2*S)", "2")), "dZ"
    yield "layout", lambda d: d.update(layout="numerator"), "dW"
    yield "loss", lambda d: d.update(loss="Z"), "loss"
    yield "declared", lambda d: d["declared"]["X"].update(properties=["symmetric"]), "declared"
    yield "definitions", lambda d: d["definitions"]["Z"].update(formula="X @ W - b"), "definitions"
    yield "given", lambda d: d["given"].update(dQ={"of": "Q", "shape": []}), "given"
    yield "entries", lambda d: d["entries"]["tensors"]["dW"]["entries"].reverse(), "entries"
    yield "sizes", lambda d: d["entries"]["sizes"].update(S=3), "entries"


@pytest.mark.parametrize(("what", "spoil", "part"), list(spoilt()), ids=[what for what, _, _ in spoilt()])
def test_what_was_changed_is_found(what, spoil, part):
    data = stored(AFFINE)
    spoil(data)
    found = wrong(data)
    assert part in found, f"{what}: {found}"


def test_a_formula_in_other_words_is_right_and_its_latex_is_then_its_own():
    data = stored(AFFINE)
    data["gradients"]["W"]["formula"] = "(dZ.T @ X).T"
    assert wrong(data) == {"dW": "the formula is right, but its latex does not belong to it"}
    assert wrong(data | {"version": "0.0.1"}) == {}


def test_no_size_is_taken_for_a_number_in_a_long_file():
    layers = 32
    source = "X: (S, n0); " + "; ".join(f"W{k}: (n{k}, n{k + 1})" for k in range(layers))
    source += "; Z0 = X @ W0; " + "; ".join(f"Z{k} = relu(Z{k - 1}) @ W{k}" for k in range(1, layers))
    data = stored(f"{source}; L = sum(Z{layers - 1}**2) / S", wrt="W0")
    assert wrong(data) == {}
    last = data["backward"][0]
    assert last["formula"] == "2*Z31/S"
    for number in (2, 3, 4, 5, 6, "n1", "(n1 + n2)"):
        last["formula"] = f"2*Z31/{number}"
        assert wrong(data) == {"dZ31": "it is not the derivative"}


def test_a_point_at_which_all_is_0_tells_nothing():
    """Further points are drawn until a formula is not 0 at two tuples of sizes: at one, 2*Z/5 is 2*Z/S."""
    layers = "; ".join(f"H{k} = relu(H{k - 1})" for k in range(1, 33))
    problem = read(f"H0: (S, n); {layers}; L = sum(H32**2) / S")
    trials = Judge(problem, backward(problem), 0).trials
    first = trials.several(REAL)[0]
    truth = backward(problem).formula("H32")
    trials.drawn[REAL] = [first, first]
    assert not told(trials, trials.drawn[REAL], truth)
    assert all(t.frame != first.frame for t in telling(trials, truth))
    assert told(trials, trials.drawn[REAL], truth)
    nothing = apply("zeros", shape=truth.shape)
    with pytest.raises(Undecided, match="all values are 0"):
        list(telling(trials, nothing))


def test_a_certificate_is_not_believed():
    data = stored(AFFINE)
    data["certificate"] = {"bits": 10**6}
    assert wrong(data) == {}
    (again,) = {str(p.certificate) for p in recheck(json.dumps(data)).parts if p.certificate}
    assert "1000000" not in again


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (lambda d: d["claims"][2].update(verdict="right", slip=None), "dW"),
        (lambda d: d["claims"][0].update(verdict="wrong"), "dW"),
        (lambda d: d["claims"][2].update(slip="sign"), "dW"),
        (lambda d: d["claims"][2].update(suggestion="dW = X"), "dW"),
        (lambda d: d["claims"].pop(1), "dX"),
        (lambda d: d["claims"].append(dict(d["claims"][0], text="dW = X.T@dZ")), "dW"),
        (lambda d: d.update(ok=True), "ok"),
        (lambda d: d.update(sheet=d["sheet"].replace("dW = X.T @ dZ", "dW = X.T @ dZ + 1")), "dW"),
    ],
)
def test_a_report_that_was_changed_is_found(capsys, spoil, part):
    data = report(capsys, SHEET)
    spoil(data)
    assert part in wrong(data)


# ---- hostile JSON ------------------------------------------------------------------------------------------

HOSTILE = (
    "", "{", "[]", "null", "3", '"text"', "{}", '{"schema": 1}', '{"schema": ["shapecalc.derivation/1"]}',
    '{"schema": "shapecalc.derivation/2"}', '{"schema": "shapecalc.derivation/1"}', "[" * 100_000, '{"a":' * 100_000, "9" * 100_000,
    '{"schema": NaN}', '{"schema": Infinity}', "\x00", "\ud800", '{"schema": "shapecalc.derivation/1", "schema": "shapecalc.report/1"}',
    "\ufeff{}",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=[t[:40].encode("unicode_escape").decode() for t in HOSTILE])
def test_hostile_json_is_refused(text):
    with pytest.raises(InputProblem):
        recheck(text)


@pytest.mark.parametrize(
    "change",
    [
        {"source": None}, {"source": "X: ("}, {"source": "X: (n,)"}, {"source": "x" * 200_000}, {"layout": "both"}, {"layout": 1},
        {"structured": 1}, {"gradients": {}}, {"gradients": []}, {"gradients": {"Q": {}}}, {"gradients": {"W": []}},
        {"gradients": {"W": {"formula": 3}}}, {"backward": {}}, {"backward": [1]}, {"backward": [{}]}, {"entries": []},
        {"entries": {"sizes": {"S": 10**9}, "tensors": {}}}, {"entries": {"sizes": {"S": True}, "tensors": {}}},
        {"entries": {"sizes": {}, "tensors": {}}}, {"entries": {"sizes": 1}},
    ],
    ids=str,
)  # fmt: skip
def test_values_of_another_kind_are_refused(change):
    with pytest.raises(ShapecalcError):
        recheck(json.dumps(stored(AFFINE) | change))


def test_what_is_too_large_is_refused():
    with pytest.raises(InputProblem, match="at most"):
        recheck(" " * 10_000_001)
    with pytest.raises(InputProblem, match="more than"):
        several('{"a": 1}\n' * 10_001)


def test_a_formula_that_bombs_is_refused():
    data = stored(AFFINE)
    for formula in ("10**10**10 * X", "(" * 10_000, "X" * 100_000, "matpow(X, 10**9)", "sum(" * 300 + "X" + ")" * 300):
        data["gradients"]["W"]["formula"] = formula
        assert "dW" in wrong(data)


# ---- the command --------------------------------------------------------------------------------------------


def test_the_codes(tmp_path: Path, capsys):
    good, bad, none = (tmp_path / f"{n}.json" for n in ("good", "bad", "none"))
    good.write_text(json.dumps(stored(AFFINE)), encoding="utf-8")
    bad.write_text(json.dumps(stored(AFFINE) | {"loss": "Z"}), encoding="utf-8")
    none.write_text("{}", encoding="utf-8")
    assert main(["verify", str(good)]) == 0
    assert main(["verify", str(good), str(bad)]) == 1
    assert main(["verify", str(bad), str(none), str(good)]) == 2
    captured = capsys.readouterr()
    assert captured.out.count("a derivation, confirmed") == 3
    assert f"{none}: " in captured.err
    assert main(["verify", str(tmp_path / "nothing.json")]) == 2
    assert main(["verify", str(tmp_path)]) == 2


def test_several_results_in_one_file(tmp_path: Path, capsys):
    path = tmp_path / "reports.jsonl"
    lines = [report(capsys, SHEET), stored(AFFINE), report(capsys, SHEET) | {"ok": True}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert main(["verify", str(path), "--format", "json"]) == 1
    assert [json.loads(line)["ok"] for line in capsys.readouterr().out.splitlines()] == [True, True, False]


def test_the_certificate_of_this_time(tmp_path: Path, capsys):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(stored(AFFINE)), encoding="utf-8")
    assert main(["verify", str(path), "--certificate"]) == 0
    assert "random prime above 2^61" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("affine",), ("derive", AFFINE), ("gallery", "ridge"), ("hessian", "A: (n, n); x: (n,); L = x @ A @ x", "--wrt", "x"),
        ("jacobian", "W: (M, N); x: (N,); y = tanh(W @ x)", "--wrt", "x"),
    ],
)  # fmt: skip
def test_every_page_has_its_certificate(words, capsys):
    assert main([*words, "--certificate"]) == 0
    assert capsys.readouterr().out.startswith("checked against difference quotients of the program itself")


def test_what_is_shown_of_a_hostile_file_has_no_escapes(tmp_path: Path, capsys):
    path = tmp_path / "result.json"
    data = stored(AFFINE)
    data["gradients"]["W"]["formula"] = "X \x1b[31m\u202e"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert main(["verify", str(path)]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out

"""The command line as a user meets it: exit codes, streams, formats, and what it loads."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from shapecalc.cli import main
from shapecalc.cli.options import BY_NAME, COMMANDS
from shapecalc.cli.reader import is_expression, read, repaired
from shapecalc.publishing.facts import schema

AFFINE = "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b"
GOLDEN = Path(__file__).parent / "golden"


def run(*words: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own, its output piped."""
    env = {**os.environ, "PYTHONIOENCODING": "utf-8", **environment}
    command, how = [sys.executable, "-m", "shapecalc", *words], {"encoding": "utf-8", "errors": "replace"}
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=env, timeout=120, check=False, **how)


def here(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The same in this process, which is quicker."""
    code = main(list(words))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def settled(text: str) -> str:
    """The page without its certificate, whose random points and sizes are drawn anew each time."""
    page, mark, checked = re.split(r"^([┃|] Checked)$", text, maxsplit=1, flags=re.MULTILINE)
    assert re.search(r"probability\s+[┃|]?\s*below 2", checked)
    return page + mark + "\n"


# ---- the affine page --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("affine.txt", ("affine", "--numbers")),
        ("affine-60.txt", ("affine", "--width", "60", "--no-entries")),
        ("affine-ascii.txt", ("affine", "--ascii", "--no-entries")),
        ("affine-loss.txt", ("affine", "--loss", "sum((Z - Y)**2)/(2*S)", "--samples", "rows")),
        ("affine-columns.txt", ("affine", "--samples", "columns", "--layout", "numerator", "--no-entries")),
    ],
)
def test_affine_golden(capsys: pytest.CaptureFixture[str], file: str, words: tuple[str, ...]):
    code, out, err = here(capsys, *words)
    assert (code, err) == (0, "")
    path = GOLDEN / file
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(settled(out), encoding="utf-8")
    assert settled(out) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "must",
    [
        "Given: X (S, D), W (D, M), b (M,)",
        "z₁₁ = x₁₁ w₁₁ + x₁₂ w₂₁ + x₁₃ w₃₁ + b₁",
        "zᵢⱼ = Σₖ xᵢₖ wₖⱼ + bⱼ",
        "∂zᵢⱼ/∂bₘ = δⱼₘ",
        "∂L/∂bₘ = Σᵢ Σⱼ gᵢⱼ ∂zᵢⱼ/∂bₘ",
        "= Σᵢ gᵢₘ",
        "∂L/∂W = Xᵀ ∂L/∂Z   (D, M)",
        "(D, S) @ (S, M) → (D, M)",
        "dZ @ X.T does not fit",
        "dW = X.T @ dZ",
        "column sums",
        "Not sum(dZ, axis=1): row sums would be S numbers, one for each sample; b has M.",
        "sum(dZ, axis=0, keepdims=True)",
        "dZ @ ones(S, 1)",
        "those that share an output unit",
    ],
)
def test_affine_says(must: str):
    assert must in (GOLDEN / "affine.txt").read_text(encoding="utf-8")


def test_affine_is_certified(capsys: pytest.CaptureFixture[str]):
    assert "agrees with difference quotients of the program itself and with sympy, entry by entry." in here(capsys, "affine")[1]


def test_piped_output_is_neither_folded_nor_padded():
    out = run("affine", "--no-entries").stdout
    assert "\x1b" not in out
    assert not [line for line in out.splitlines() if line != line.rstrip()]
    assert max(map(len, out.splitlines())) > 100


def test_python_m_and_version():
    assert re.fullmatch(r"shapecalc \d+\.\d+\.\d+\n", run("--version").stdout)
    assert run("-V").stdout == run("--version").stdout


@pytest.mark.parametrize("words", [("--help",), ("-h",), *((c.name, "--help") for c in COMMANDS)])
def test_help(words: tuple[str, ...]):
    done = run(*words, COLUMNS="200", TERMINAL_WIDTH="200")
    assert done.returncode == 0
    assert "Usage" in done.stdout
    for command in COMMANDS if words[0].startswith("-") else ():
        assert command.name in done.stdout
    for option in BY_NAME[words[0]].options if words[0] in BY_NAME else ():
        assert option.flags[0] in done.stdout


# ---- exit codes, and where the words go -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("derive", "X: (S, D); Y: (S, M); Z = X @ Y"), "^^^^^ X has D columns, but Y has S rows"),
        (("derive", "X: (S, D); W: (D, M); Z = X W"), "an operator is missing between X and W"),
        (("derive", "no-such-file.sheet"), "there is no file no-such-file.sheet"),
        (("derive", ""), "there is nothing to read"),
        (("derive", "."), "is a directory"),
        (("derive", "X: (S, D)"), "there is nothing to differentiate"),
        (("derive", AFFINE, "--wrt", "Q"), "Q is not declared"),
        (("derive", AFFINE, "--wrt", ","), "no name to differentiate by is given\n  there are X, W, b"),
        (("derive", AFFINE, "--width", "9" * 5000), "exceeded maximum size"),
        (("derive", AFFINE, "--loss", "W = sum(Z)"), "W is declared already"),
        (("derive", AFFINE, "--at", "S=0"), "S=0 is no size"),
        (("derive", AFFINE, "--at", "Q=3"), "there is no size Q"),
        (("derive", AFFINE, "--views", "entry"), "there is no view entry"),
        (("derive", AFFINE, "--loss", "sum(Z"), "("),
        (("derive", AFFINE, "-o", "no-such-directory/x.tex"), "cannot write no-such-directory/x.tex"),
        (("derive", AFFINE, "-o", "x.docx"), ".docx is not a kind of file"),
        (("derive", AFFINE, "-o", "."), "."),
        (("derive", AFFINE, "--symbol", "dZ"), "says not how a name is drawn"),
        (("derive", AFFINE, "--samples", "columns", "--at", "S=x"), "S=x is no size"),
        (("derive", "X: (B, S, D); W: (D, M); Z = X @ W", "--samples", "columns"), "samples as rows or as columns is for matrices"),
        (("render", AFFINE), "a file or a format is missing"),
        (("render", AFFINE, "--to", "pdf"), "name a file"),
        (("gallery", "layernrm"), "did you mean layernorm?"),
        (("hessian", AFFINE), "a Hessian is of a scalar"),
        (("picture", AFFINE, "-f", "dot"), "dot is for the graph"),
        (("check", AFFINE, "--time-limit", "-1"), "greater than or equal to 0"),
        (("check", AFFINE, "--jobs", "9999999999"), "less than or equal to"),
    ],
)
def test_errors_are_messages(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str):
    code, out, err = here(capsys, *words)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "words",
    [("derive",), ("derive", AFFINE, "--layout", "foo"), ("derive", AFFINE, "--bogus"), ("derive", AFFINE, "--width", "x"), ("bogus",)],
)
def test_usage_errors_are_left_to_typer(words: tuple[str, ...]):
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_is_named_in_its_errors(tmp_path: Path):
    path = tmp_path / "layer.sheet"
    path.write_text("X: (S, D)\nY: (S, M)\nZ = X @ Y\n", encoding="utf-8")
    done = run("derive", str(path))
    assert done.returncode == 2
    assert f"{path}:3:5" in done.stderr


@pytest.mark.parametrize("data", [b"\xff\xfe\x00X", b"\x00\x01\x02", b"", b"X: (S, D)\n" * 3])
def test_strange_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes):
    path = tmp_path / "strange.sheet"
    path.write_bytes(data)
    code, out, err = here(capsys, "derive", str(path))
    assert (code, out) == (2, "")
    assert err
    assert "Traceback" not in err


def test_a_byte_order_mark_and_other_line_ends_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "windows.sheet"
    path.write_bytes(b"\xef\xbb\xbf" + AFFINE.replace("; ", "\r\n").encode())
    assert here(capsys, "derive", str(path), "--steps", "none")[0] == 0


def test_standard_input():
    done = run("derive", "-", "--steps", "none", stdin=AFFINE)
    assert done.returncode == 0
    assert "db = sum(dZ, axis=0)" in done.stdout


def test_a_closed_pipe_is_quiet():
    program = [sys.executable, "-m", "shapecalc", "affine"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(timeout=60) == 141
    assert err == b""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupt_is_quiet(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("shapecalc.cli.commands.affine", interrupted)
    assert here(capsys, "affine") == (130, "", "")


def test_a_full_disk_is_one_line():
    if not Path("/dev/full").exists():
        pytest.skip("/dev/full is missing")
    for buffered in ("", "1"):
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            program = [sys.executable, "-m", "shapecalc", "gallery"]
            env = {**os.environ, "PYTHONUNBUFFERED": buffered}
            done = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False, env=env)
        assert done.returncode == 2
        assert done.stderr.count(b"\n") == 1


# ---- what standard output can show -------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_an_output_that_knows_few_characters(encoding: str):
    done = run("affine", "--no-entries", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "dL/dW = X^T dL/dZ" in done.stdout


def test_ascii():
    assert run("affine", "--ascii").stdout.isascii()


def test_colours_only_where_they_are_wanted():
    assert "\x1b[" in run("derive", AFFINE, "--steps", "none", FORCE_COLOR="1", TERM="xterm-256color").stdout
    assert "\x1b" not in run("derive", AFFINE, "--steps", "none", "--plain", FORCE_COLOR="1", TERM="xterm-256color").stdout
    tinted = run("derive", AFFINE, "--steps", "none", FORCE_COLOR="1", NO_COLOR="1", TERM="xterm").stdout
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", tinted)


def test_width(capsys: pytest.CaptureFixture[str]):
    _, out, _ = here(capsys, "affine", "--no-entries", "--width", "72")
    assert max(map(len, out.splitlines())) <= 72


# ---- expressions that begin with a minus --------------------------------------------------------------------


@pytest.mark.parametrize("word", ["-sum(Y*log(P))", "-x @ W", "-(A + B)", "-0.5*x", "-X.T @ dZ"])
def test_expressions(word: str):
    assert is_expression(word)
    assert repaired([word]) == [f" {word}"]


@pytest.mark.parametrize("word", ["-x", "-o", "--loss", "-h", "-V", "--at=S=2,D=3", "-", "--", "--steps"])
def test_options(word: str):
    assert not is_expression(word)
    assert repaired([word]) == [word]


def test_a_loss_that_begins_with_a_minus(capsys: pytest.CaptureFixture[str]):
    source = "Z: (S, K); Y: onehot (S, K); P = softmax(Z)"
    for words in (["--loss", "-sum(Y*log(P))/S"], ["--loss=-sum(Y*log(P))/S"]):
        code, out, _ = here(capsys, "derive", source, *words, "--steps", "none", "--wrt", "Z")
        assert code == 0
        assert "dZ = (P - Y)/S" in out


def test_a_name_of_the_loss_that_is_not_declared(capsys: pytest.CaptureFixture[str]):
    _, out, _ = here(capsys, "derive", AFFINE, "--loss", "sum((Z - Y)**2)/(2*S)", "--steps", "none")
    assert "Y is not declared; it is taken to have the shape of Z, (S, M)." in out
    assert "∂L/∂W" in out


def test_a_loss_may_have_a_name(capsys: pytest.CaptureFixture[str]):
    for loss, name in (("sum(Z**2)", "L"), ("J = sum(Z**2)", "J"), ("sum(Z == 0)", "L")):
        code, out, _ = here(capsys, "derive", AFFINE, "--loss", loss, "--wrt", "W", "--steps", "none")
        assert code == 0
        assert f"∂{name}/∂W" in out


def test_a_name_given_twice_is_derived_once(capsys: pytest.CaptureFixture[str]):
    code, out, _ = here(capsys, "derive", AFFINE, "--wrt", "W,, b,W", "--steps", "none")
    assert code == 0
    assert [line.split()[1] for line in out.splitlines() if line.startswith("┃   ∂L")] == ["∂L/∂W", "∂L/∂b"]


def test_both_readers_agree(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    seen: list[dict[str, object]] = []

    def noted(name: str, values: dict[str, object]) -> int:
        seen.append(values | {"command": name})
        return 0

    monkeypatch.setattr("shapecalc.cli.app.run", noted)
    from shapecalc.cli.app import run_typer

    for words in (
        ["derive", AFFINE, "--layout", "numerator", "--steps", "none", "--at", "S=4", "--symbol", "dZ=g", "--symbol", "W=w"],
        ["derive", AFFINE, "--width", "70", "-f", "latex", "--output=x.tex"],
        ["affine"],
        ["check", "a", "b", "--strict", "--format=json"],
        ["gallery"],
        ["gallery", "lstm", "--source"],
        ["code", AFFINE, "-t", "jax", "-o", "x.py"],
        ["jacobian", AFFINE, "--of", "Z", "--vec"],
    ):
        assert run_typer(words) == 0
        mine = read(BY_NAME[words[0]], words[1:])
        assert mine is not None
        assert seen.pop() == mine | {"command": words[0]}
    capsys.readouterr()


# ---- formats ------------------------------------------------------------------------------------------------


def test_json_follows_its_schema(capsys: pytest.CaptureFixture[str]):
    for words in (("affine",), ("derive", AFFINE, "--loss", "sum(Z**2)", "--layout", "numerator"), ("gallery", "attention")):
        code, out, _ = here(capsys, *words, "--format", "json")
        assert code == 0
        jsonschema.validate(json.loads(out), schema())


def test_json_has_the_facts(capsys: pytest.CaptureFixture[str]):
    found = json.loads(here(capsys, "affine", "--format", "json")[1])
    assert found["gradients"]["b"]["formula"] == "sum(dZ, axis=0)"
    assert found["gradients"]["b"]["shape"] == ["M"]
    assert found["gradients"]["b"]["reduction"]["ones"] == "ones(S) @ dZ"
    assert found["given"] == {"dZ": {"of": "Z", "shape": ["S", "M"]}}
    assert found["entries"]["tensors"]["db"]["entries"] == ["g11 + g21", "g12 + g22", "g13 + g23"]
    assert found["certificate"]["bits"] >= 50


@pytest.mark.parametrize("suffix", ["txt", "tex", "md", "html", "typ", "json", "ipynb", "svg", "pdf", "png"])
def test_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str):
    if suffix in ("svg", "pdf", "png"):
        pytest.importorskip("typst")
    path = tmp_path / f"notes.{suffix}"
    code, out, err = here(capsys, "render", AFFINE, "-o", str(path))
    assert (code, out, err) == (0, "", "")
    assert path.stat().st_size > 500
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]


def test_latex_is_a_fragment_or_a_document(capsys: pytest.CaptureFixture[str]):
    fragment = here(capsys, "derive", AFFINE, "-f", "latex")[1]
    assert r"\documentclass" not in fragment
    assert r"\begin{align" in fragment
    assert r"\documentclass" in here(capsys, "derive", AFFINE, "-f", "latex", "--standalone")[1]


def test_layouts(capsys: pytest.CaptureFixture[str]):
    assert "dW = dZ.T @ X" in here(capsys, "derive", AFFINE, "--layout", "numerator", "--steps", "none")[1]
    both = here(capsys, "derive", AFFINE, "--layout", "both", "--steps", "none")[1]
    assert "The same under every convention" in both


def test_steps_entries_and_views(capsys: pytest.CaptureFixture[str]):
    assert "Index formula" not in here(capsys, "derive", AFFINE, "--steps", "none")[1]
    assert "The entries" not in here(capsys, "derive", AFFINE, "--no-entries")[1]
    out = here(capsys, "derive", AFFINE, "--views", "matrix")[1]
    assert "Index formula" not in out
    assert "Matrix formula" in out


def test_certificate(capsys: pytest.CaptureFixture[str]):
    code, out, _ = here(capsys, "derive", AFFINE, "--certificate")
    assert code == 0
    assert out.startswith("checked against")


def test_code_runs(capsys: pytest.CaptureFixture[str]):
    np = pytest.importorskip("numpy")
    names: dict[str, object] = {}
    exec(here(capsys, "code", AFFINE)[1], names)  # noqa: S102 - our own output
    rng = np.random.default_rng(0)
    X, W, b, dZ = (rng.normal(size=s) for s in ((2, 3), (3, 4), (4,), (2, 4)))
    found = names["gradients"](X=X, W=W, b=b, dZ=dZ)  # type: ignore[operator]
    assert np.allclose(found["b"], dZ.sum(0))


def test_jacobian_and_hessian(capsys: pytest.CaptureFixture[str]):
    _, out, _ = here(capsys, "jacobian", "W: (M, N); x: (N,); y = W @ x", "--of", "y", "--wrt", "x")
    assert "∂y/∂x = W   (M, N)" in out
    assert "denominator" in out
    _, out, _ = here(capsys, "hessian", "A: (N, N); x: (N,); L = x @ A @ x")
    code, out, _ = here(capsys, "hessian", "A: (N, N); x: (N,); L = x @ A @ x", "--wrt", "x")
    assert code == 0
    assert "∂²L/∂x² = A + Aᵀ   (N, N)" in out
    found = json.loads(here(capsys, "hessian", "A: (N, N); x: (N,); L = x @ A @ x", "--wrt", "x", "-f", "json")[1])
    assert (found["kind"], found["formula"]) == ("hessian", "A + A.T")


def test_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert "X (S, D) @ W (D, M) + b (M,) = Z (S, M)" in here(capsys, "picture", AFFINE)[1]
    assert "flowchart" in here(capsys, "picture", AFFINE, "--kind", "graph", "-f", "mermaid")[1]
    path = tmp_path / "p.svg"
    assert here(capsys, "picture", AFFINE, "--kind", "reduction", "-o", str(path))[0] == 0
    assert path.read_text(encoding="utf-8").startswith("<svg")


# ---- check ---------------------------------------------------------------------------------------------------

HEAD = "X: (S, D); W: (D, M); b: (M,)\nZ = X @ W + b\n"


@pytest.mark.parametrize(
    ("claims", "code", "strict"),
    [
        ("dW = X.T @ dZ\ndb = sum(dZ, axis=0)", 0, 0),
        ("dW = X.T @ dZ\ndb = sum(dZ, axis=1)", 1, 1),
        ("dW = dZ @ X", 1, 1),
        ("dW = X.T @ dZ\ndb = = 3", 0, 1),
        ("", 2, 2),
    ],
)
def test_check_codes(capsys: pytest.CaptureFixture[str], claims: str, code: int, strict: int):
    assert here(capsys, "check", HEAD + claims)[0] == code
    assert here(capsys, "check", HEAD + claims, "--strict")[0] == strict


def test_check_reports(capsys: pytest.CaptureFixture[str]):
    _, out, _ = here(capsys, "check", HEAD + "dW = X.T @ dZ\ndb = sum(dZ, axis=1)")
    assert "Line 3 is right: dW = X.T @ dZ" in out
    assert "Line 4 is wrong (wrong-axis): db = sum(dZ, axis=1)" in out
    assert "1 of 2 claims is right; the first that is not stands in line 4." in out


def test_check_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "good.sheet").write_text(HEAD + "dW = X.T @ dZ\n", encoding="utf-8")
    (tmp_path / "bad.sheet").write_text(HEAD + "dW = dZ.T @ X\n", encoding="utf-8")
    lines = [{"id": "one", "problem": HEAD, "claims": ["db = sum(dZ, axis=0)"]}, {"source": HEAD + "db = sum(dZ)"}]
    (tmp_path / "many.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n{broken\n", encoding="utf-8")
    code, out, _ = here(capsys, "check", str(tmp_path), "--format", "json")
    reports = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [r["ok"] for r in reports] == [False, True, True, False, False]
    assert reports[2]["name"] == "one"
    assert reports[4]["problems"]


def test_check_for_github(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "bad.sheet"
    path.write_text(HEAD + "dW = dZ.T @ X\n", encoding="utf-8")
    code, out, _ = here(capsys, "check", str(path), "--format", "github")
    assert code == 1
    assert re.match(rf"::error file={re.escape(str(path))},line=3,col=1,endColumn=14,title=\S+::dW = dZ.T @ X", out)
    assert out.count("\n") == 1


PYTHON = """
import numpy as np

def backward(X, W, b, Y):
    # X: (S, D)  W: (D, M)  b: (M,)  Y: (S, M)
    Z = X @ W + b
    L = np.sum((Z - Y)**2) / (2 * X.shape[0])
    dZ = (Z - Y) / X.shape[0]
    dW = X.T @ dZ
    db = np.sum(dZ, axis=1)
    return dW, db
"""
MARKDOWN = r"""
```shapecalc
X: (S, D); W: (D, M); b: (M,)
Z = X @ W + b
```
$$ \frac{\partial L}{\partial W} = X^\top \frac{\partial L}{\partial Z} $$
"""


def test_check_reads_what_people_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    code_file, notes = tmp_path / "model.py", tmp_path / "notes.md"
    code_file.write_text(PYTHON, encoding="utf-8")
    notes.write_text(MARKDOWN, encoding="utf-8")
    assert here(capsys, "check", str(notes))[0] == 0
    code, out, _ = here(capsys, "check", f"{code_file}:backward", "--format", "github")
    assert code == 1
    assert out.startswith(f"::error file={code_file},line=10,col=5")
    assert here(capsys, "check", f"{code_file}:forward")[0] == 2
    reports = [json.loads(line) for line in here(capsys, "check", str(tmp_path), "--format", "json")[1].splitlines()]
    assert [[c["verdict"] for c in r["claims"]] for r in reports] == [["right", "right", "wrong"], ["right"]]


def test_nothing_to_judge_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "notes.md").write_text("Nothing about matrices.\n", encoding="utf-8")
    for to in ("text", "json"):
        assert here(capsys, "check", str(tmp_path), "-f", to) == (0, "", "no derivation was found: there is nothing to judge\n")


def test_standard_input_has_a_largest_size(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("shapecalc.batch.files.LARGEST", len(AFFINE))
    for text, code in ((AFFINE, 0), (AFFINE + "#", 2)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert here(capsys, "derive", "-", "--steps", "none")[0] == code
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert "standard input is larger than" in here(capsys, "derive", "-")[2]


def test_aliases(capsys: pytest.CaptureFixture[str]):
    assert here(capsys, "check", HEAD + "delta_w = X.T @ dZ", "--alias", "delta_w=W")[0] == 0
    assert here(capsys, "check", HEAD + "dW = X.T @ dZ", "--alias", "delta")[0] == 2


# ---- what it loads ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "never"),
    [
        (["--version"], {"sympy", "rich", "typer", "numpy", "dataclasses_json"}),
        (["--help"], {"sympy", "numpy"}),
        (["derive", AFFINE, "--no-entries"], {"sympy", "rich", "typer", "numpy", "pydantic"}),
        (["derive", AFFINE, "--steps", "none"], {"sympy", "rich", "typer"}),
        (["check", HEAD + "dW = X.T @ dZ"], {"sympy", "rich", "typer"}),
        (["affine"], {"rich", "typer", "numpy"}),
    ],
)
def test_what_is_not_loaded(words: list[str], never: set[str]):
    program = f"import sys; from shapecalc.cli import main; main({words!r}); print(sorted({never!r} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert done.stderr.strip().splitlines()[-1] == "[]"


# ---- long work ---------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_long_work_is_shown_at_a_terminal_and_gone_when_it_is_done(monkeypatch: pytest.MonkeyPatch):
    from shapecalc.cli import waiting as room

    monkeypatch.setattr(room, "EACH", 0.02)
    monkeypatch.setattr(sys, "stderr", seen := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with room.waiting("deriving"):
        time.sleep(0.2)
    assert seen.getvalue().startswith("\rderiving: 1 s\rderiving: 2 s")
    assert seen.getvalue().endswith("\r\x1b[K")
    monkeypatch.setattr(sys, "stderr", piped := io.StringIO())
    with room.waiting("deriving"):
        time.sleep(0.1)
    assert piped.getvalue() == ""


def test_short_work_is_not_announced(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", seen := Terminal())
    assert main(["derive", AFFINE, "--steps", "none"]) == 0
    assert seen.getvalue() == ""


def test_the_pager_gets_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    from shapecalc.cli import output

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("PAGER", f"tee {tmp_path / 'paged'}")
    output.show("a page\n", pager=True)
    assert (tmp_path / "paged").read_text() == "a page\n"


@pytest.mark.parametrize("pager", ["no-such-pager", "'never closed"])
def test_without_a_pager_the_page_is_written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], pager: str):
    from shapecalc.cli import output

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("PAGER", pager)
    output.show("a page", pager=True)
    assert capsys.readouterr().out == "a page\n"


# ---- pages other than the derivation -------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["text", "latex", "markdown", "html", "typst", "json", "notebook"])
@pytest.mark.parametrize("page", ["derivation", "conventions", "check"])
def test_every_page_in_every_format(capsys: pytest.CaptureFixture[str], page: str, to: str):
    source = AFFINE + "; dW = dZ.T @ X; dX = dZ @ W.T"
    code, out, err = here(capsys, "render", source, "--page", page, "--to", to, "--title", "A title of mine")
    assert (code, err) == (0, "")
    assert "A title of mine" in out or to == "json"
    wanted = {"derivation": "X.T @ dZ", "conventions": "numerator", "check": "wrong-layout"}[page]
    assert wanted in out.replace("\\hspace{0pt}", "").replace("\\penalty400 ", "") or to in ("latex", "typst")


def test_a_page_of_verdicts_needs_claims(capsys: pytest.CaptureFixture[str]):
    code, _, err = here(capsys, "render", AFFINE, "--page", "check", "--to", "text")
    assert code == 2
    assert "there is no claim to judge" in err


@pytest.mark.parametrize("kind", ["shapes", "reduction", "broadcasting", "graph"])
def test_every_kind_of_picture(tmp_path: Path, kind: str):
    for suffix in ("svg", "txt", "pdf", "html"):
        assert main(["picture", AFFINE, "--kind", kind, "-o", str(tmp_path / f"p.{suffix}")]) == 0
    ET.parse(tmp_path / "p.svg")  # noqa: S314 - our own picture


def test_several_pictures_are_one_svg(tmp_path: Path):
    assert main(["picture", "x: (N,); a = exp(x); b = a*x; c = sum(b)", "-o", str(tmp_path / "p.svg")]) == 0
    root = ET.parse(tmp_path / "p.svg").getroot()  # noqa: S314 - our own picture
    inner = [e for e in root if e.tag.endswith("svg")]
    assert len(inner) == 3
    assert [float(e.get("y", "0")) for e in inner] == sorted({float(e.get("y", "0")) for e in inner})


def test_a_picture_and_the_gallery_as_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    drawn, table, plain, sheet = (tmp_path / name for name in ("p.tex", "list.html", "list.txt", "affine.sheet"))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert main(["picture", AFFINE, "-o", str(drawn)]) == 0
    assert drawn.read_text(encoding="utf-8").startswith("\\documentclass")
    for target in (table, plain):
        assert main(["gallery", "-o", str(target)]) == 0
    assert "<table" in table.read_text(encoding="utf-8")
    assert plain.read_text(encoding="utf-8").startswith("name ")
    assert main(["gallery", "affine", "--source", "-o", str(sheet)]) == 0
    assert "X: (S, D)" in sheet.read_text(encoding="utf-8")


def test_the_graph_as_text(tmp_path: Path):
    for suffix, begins in (("mmd", "flowchart"), ("dot", "digraph")):
        assert main(["picture", AFFINE, "--kind", "graph", "-o", str(tmp_path / f"g.{suffix}")]) == 0
        assert (tmp_path / f"g.{suffix}").read_text().startswith(begins)


@pytest.mark.parametrize("steps", ["full", "short", "none"])
def test_steps(capsys: pytest.CaptureFixture[str], steps: str):
    out = here(capsys, "derive", AFFINE, "--steps", steps)[1]
    assert ("The backward pass" in out) is (steps == "short")
    assert ("Index formula" in out) is (steps == "full")
    assert "dW = X.T @ dZ" in out

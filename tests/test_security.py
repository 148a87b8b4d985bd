"""The threat model, item by item: what strangers write is never run, cannot speak to the reader's terminal, and leads nowhere."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import missing

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import ShapecalcError
from shapecalc.language.readers.files import read_file_text

PACKAGE = Path(shapecalc.__file__).parent
HOSTILE = (
    "__import__('os').system('touch pwned')", "eval('1')", "exec('import os')", "().__class__.__bases__[0].__subclasses__()",
    "lambda: open('pwned', 'w')", "[open('pwned', 'w') for x in (1,)]", "f'{open(1)}'", "x.__class__", "globals()", "breakpoint()",
    "sympify('x')", "S('__import__(\"os\")')",
)  # fmt: skip
posix = pytest.mark.skipif(os.name != "posix", reason="links, pipes and devices are those of POSIX")

UNSAFE = {"pickle", "marshal", "shelve", "yaml", "requests", "urllib", "http", "socket"}

# ---- nothing is evaluated or imported ---------------------------------------------------------------------------

WATCHED = """
import json, os, sys
import shapecalc, shapecalc.checking, shapecalc.cli.verifying, shapecalc.language.readers.files, shapecalc.cli.checking
from shapecalc.cli import main
os.chdir({folder!r})
sys.path.insert(0, {folder!r})
for words in (["check", "warm.sheet"], ["derive", "warm.sheet"], ["verify", "warm.json"], ["check", "warm.py"], ["check", "warm.tex"]):
    main(words)
own = (os.path.dirname(shapecalc.__file__), sys.prefix, sys.base_prefix, "<frozen", "<string>", "<lambdifygenerated", "<attrs", "<makefun")
seen = []
def watch(event, arguments):
    if event == "exec" and not str(arguments[0].co_filename).startswith(own):
        seen.append([event, arguments[0].co_filename])
    if event == "import" and arguments[0].split(".")[0] in ("harmful", "pwn", "sheet"):
        seen.append([event, arguments[0]])
    if event in ("os.system", "subprocess.Popen", "socket.connect", "socket.getaddrinfo", "os.exec", "os.posix_spawn", "ctypes.dlopen"):
        seen.append([event, str(arguments[0])])
    if event == "open" and "w" in str(arguments[1]) and "null" not in str(arguments[0]):
        seen.append([event, str(arguments[0])])
sys.addaudithook(watch)
for name in sorted(os.listdir(".")):
    for command in ("check", "derive", "verify"):
        main([command, name])
sys.stderr.write("SEEN" + json.dumps(seen))
"""


def test_nothing_that_is_read_is_run_imported_or_sent_anywhere(tmp_path):
    sheet = "X: (S, D); W: (D, M); Z = X @ W\ndW = X.T @ dZ\n"
    (tmp_path / "warm.sheet").write_text(sheet, encoding="utf-8")
    (tmp_path / "warm.json").write_text(str(shapecalc.derive("X: (S, D); W: (D, M); Z = X @ W").to("json")), encoding="utf-8")
    (tmp_path / "warm.tex").write_text("$Z = XW$", encoding="utf-8")
    harm = "open('pwned', 'w').write('x')\nimport os\nos.system('touch pwned')\nimport harmful\n"
    body = "def f(X, W):\n    # X: (S, D), W: (D, M)\n    Z = X @ W\n    dW = X.T @ dZ\n"
    (tmp_path / "warm.py").write_text(body, encoding="utf-8")
    (tmp_path / "harmful.py").write_text(f"{harm}\n{body}", encoding="utf-8")
    (tmp_path / "conftest.py").write_text(harm, encoding="utf-8")
    for k, text in enumerate(HOSTILE):
        (tmp_path / f"h{k}.sheet").write_text(f"x: (n,); y = 2*x\ndx = {text}\n", encoding="utf-8")
        (tmp_path / f"i{k}.sheet").write_text(f"x: (n,); y = {text}\n", encoding="utf-8")
        note = f"```shapecalc\nx: (n,); y = 2*x\ndx = {text}\n```\n```python\n{text}\n```\n"
        (tmp_path / f"j{k}.md").write_text(note, encoding="utf-8")
        (tmp_path / f"k{k}.json").write_text(json.dumps({"schema": "shapecalc.derivation/1", "source": text}), encoding="utf-8")
    code = ["%%check\n" + sheet, f"!touch pwned\n%run harmful.py\n{harm}"]
    cells = [{"cell_type": "code", "source": text} for text in code]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    tex = r"\write18{touch pwned}\input{/etc/passwd}\directlua{os.execute('touch pwned')}$Z = XW$"
    (tmp_path / "t.tex").write_text(tex, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", WATCHED.format(folder=str(tmp_path))], capture_output=True, encoding="utf-8", check=False)
    assert "SEEN" in done.stderr, done.stderr[-2000:]
    assert json.loads(done.stderr.rpartition("SEEN")[2]) == []
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("text", HOSTILE)
def test_calls_of_python_are_refused(text):
    with pytest.raises(ShapecalcError):
        shapecalc.derive(f"x: (n,); y = {text}")


def test_sympys_evaluating_readers_never_see_a_text(monkeypatch):
    import sympy
    from sympy.parsing import sympy_parser

    rooms = importlib.import_module("sympy.core.sympify")

    def never(*_, **__):
        raise AssertionError("text reached sympy's parser")

    monkeypatch.setattr(sympy_parser, "parse_expr", never)
    monkeypatch.setattr(sympy_parser, "eval_expr", never)
    monkeypatch.setattr(sympy, "parse_expr", never)
    plain = rooms.sympify

    def watched(a, *args, **kwargs):
        assert not isinstance(a, str), f"sympify was given {a!r}"
        return plain(a, *args, **kwargs)

    monkeypatch.setattr(rooms, "sympify", watched)
    monkeypatch.setattr(sympy, "sympify", watched)
    names = "X: (S, D); W: (D, M); E1: (M,); Q_: (M,); lambda_: ()"  # sympy would read some of these as something else
    d = shapecalc.derive(f"{names}; Z = tanh(X @ W + E1) * Q_ * lambda_; L = sum(exp(Z))")
    entries = d.entries({"S": 2, "D": 2, "M": 2})
    assert entries["dW"].matrix.shape == (2, 2)
    assert d.to("text", views=("entries", "index", "matrix"))
    assert shapecalc.check("x: (n,); y = tanh(x)\ndx = dy").claims[0].verdict == "wrong"


def test_no_room_calls_what_evaluates_text():
    """eval, exec and compile; sympify, parse_expr and lambdify; pickle, marshal, shelve and yaml; shell=True."""
    never = {"eval", "exec", "compile", "sympify", "parse_expr", "lambdify", "__import__"}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            place = f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else ""
                attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                owner = node.func.value.id if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) else ""
                assert name not in never, place
                strict = any(k.arg == "strict" and isinstance(k.value, ast.Constant) and k.value.value is True for k in node.keywords)
                assert attribute not in never - {"compile"} or (attribute == "sympify" and strict), place  # strict: it reads no text
                assert attribute != "compile" or owner in {"re", "engine"}, place
                assert not any(k.arg == "shell" for k in node.keywords), place
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                assert not {m.split(".")[0] for m in modules} & UNSAFE, place


def test_bandit_is_content():
    if subprocess.run([sys.executable, "-c", "import bandit"], capture_output=True, check=False).returncode:
        missing("bandit")
    command = [sys.executable, "-m", "bandit", "-q", "-ll", "-r", str(PACKAGE)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout[-3000:]


# ---- output is escaped for its format ---------------------------------------------------------------------------

TITLE = (
    r"\write18{id} \input{/etc/passwd} \immediate\openout3=x <script>alert(1)</script> <img src=x onerror=alert(1)> "
    '"></title><svg onload=alert(1)> [a](javascript:alert(1)) ![a](http://x/y) #read("/etc/passwd") #eval("1") '
    "$x$ ^^5cwrite18 % & ~ {{x}} ]]> -->"
)
AFFINE = "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b"
FORMATS = ("text", "latex", "markdown", "html", "typst", "svg", "notebook", "json", "terminal")


@pytest.mark.parametrize("to", FORMATS)
def test_a_title_is_text_in_every_format(to):
    made = str(shapecalc.derive(AFFINE).to(to, title=TITLE + "\x1b]0;owned\x07\u202e", views=("matrix",)))
    assert "\x1b]0;" not in made
    assert "\x07" not in made
    assert "\u202e" not in made
    if to == "latex":
        assert not re.search(r"(?<!\\textbackslash)\\(write|input|immediate|openout)", made)
        assert "^^5c" not in made
    if to in ("html", "svg"):
        assert "<script" not in made
        assert "<img" not in made
        assert "<svg onload" not in made
    if to in ("markdown", "notebook"):
        text = made if to == "markdown" else "".join("".join(c["source"]) for c in json.loads(made)["cells"])
        assert not re.search(r"(?<!\\)<(script|img|svg|/title)", text)
        assert not re.search(r"(?<!\\)\]\((javascript|http)", text)
    if to == "typst":
        assert not re.search(r"(?<!\\)#(read|eval)", re.sub(r'"(?:[^"\\]|\\.)*"', '""', made))  # outside of texts


@pytest.mark.parametrize("to", ["latex", "html", "typst", "markdown"])
def test_names_are_letters_and_nothing_else(to):
    for name in ("\\write18", "<b>", "a$b", "#read", "x\x1b[31m", "x;y", "a`b", "input{x}", "a&b", "%x", "α\u202e"):
        with pytest.raises(ShapecalcError):
            shapecalc.derive(f"{name}: (n,); y = 2*{name}").to(to)
    made = str(shapecalc.derive("write18: (n,); input: (n,); script: (n,); y = write18 * input + script").to(to, views=("matrix",)))
    assert "\\write18" not in made
    assert "\\input" not in made
    assert "<script" not in made


@pytest.mark.parametrize("to", ["text", "json", "github"])
def test_claims_and_names_of_files_cannot_speak_to_a_terminal(tmp_path, capsys, to):
    path = tmp_path / "a\x1b[31mb\u202e\n::error::c.sheet"
    path.write_text("x: (n,); y = 2*x\ndx = \x1b]0;owned\x07 2*dy\ndx = 3*dy # \x1b[2J\ndx = dy\u202e\n", encoding="utf-8")
    main(["check", str(path), "--format", to])
    captured = capsys.readouterr()
    for sign in "\x1b\x07\u202e"[: 2 if to == "json" else 3]:  # JSON keeps a text as it is, its control characters escaped
        assert sign not in captured.out + captured.err
    assert not [line for line in captured.out.splitlines() if line.startswith("::error::c")]


@pytest.mark.parametrize("command", ["derive", "check", "verify", "jacobian", "picture", "code"])
def test_errors_cannot_speak_to_a_terminal(tmp_path, capsys, command):
    path = tmp_path / "a\x1b[31m.sheet"
    path.write_text("x: (n,); y = \x1b]0;owned\x07 2*x \u202e\n", encoding="utf-8")
    for argument in (str(path), "no \x1b[31m file", "x: (n,); y = \x1b[31m x"):
        main([command, argument])
    captured = capsys.readouterr()
    for sign in "\x1b\x07\u202e":
        assert sign not in captured.out + captured.err


# ---- hostile directories ------------------------------------------------------------------------------------------


@posix
def test_a_directory_leads_nowhere(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    claim = "x: (n,); y = 2*x\ndx = 3*dy\n"
    (outside / "secret.sheet").write_text(claim, encoding="utf-8")
    (inside / "good.sheet").write_text(claim.replace("3", "2"), encoding="utf-8")
    (inside / "link.sheet").symlink_to(outside / "secret.sheet")
    (inside / "folder").symlink_to(outside, target_is_directory=True)
    (inside / "loop").symlink_to(inside, target_is_directory=True)
    (inside / "dangling.sheet").symlink_to(tmp_path / "nowhere")
    (inside / "zero.sheet").symlink_to("/dev/zero")
    os.mkfifo(inside / "pipe.sheet")
    command = [sys.executable, "-m", "shapecalc", "check", str(inside), "--format", "json"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()] == [str(inside / "good.sheet")]


@posix
@pytest.mark.parametrize("name", ["pipe.sheet", "/dev/zero", "/dev/tty", "huge.sheet", "secret"])
@pytest.mark.parametrize("command", ["check", "verify", "derive"])
def test_what_is_named_is_opened_only_if_it_is_a_plain_file(tmp_path, name, command):
    os.mkfifo(tmp_path / "pipe.sheet")
    with (tmp_path / "huge.sheet").open("wb") as file:
        file.truncate(10**12)
    (tmp_path / "secret").mkdir()
    program = [sys.executable, "-m", "shapecalc", command, str(tmp_path / name)]
    done = subprocess.run(program, capture_output=True, encoding="utf-8", timeout=60, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == (0 if (command, name) == ("check", "secret") else 2)
    assert "Traceback" not in done.stderr


def test_reading_a_file_opens_no_other(tmp_path, monkeypatch):
    opened = []
    plain = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: (opened.append(self), plain(self, *a, **k))[1])
    tex, md = r"\input{other}\include{x}$Z = XW$", "{{< include other.md >}}\n[x](other.md)"
    for text, name in ((tex, "a.tex"), (md, "a.md"), ("from other import *", "a.py")):
        try:
            read_file_text(text, name)
        except ShapecalcError:
            continue
    assert opened == []


def test_the_pictures_and_pages_load_nothing():
    """HTML and SVG name no address but the ones of their own vocabularies."""
    for to in ("html", "svg"):
        made = str(shapecalc.derive(AFFINE).to(to, views=("matrix",)))
        body = re.sub(r"/\*.*?\*/", "", made, flags=re.DOTALL)  # the licence of the font
        found = {u for u in re.findall(r"https?://[^\s\"'<>)]+", body) if "w3.org" not in u}
        assert found == set(), found
        assert "<script" not in made


def test_each_item_of_the_threat_model_names_a_test():
    page = (PACKAGE.parent / "docs" / "threat-model.md").read_text(encoding="utf-8")
    tests = Path(__file__).parent
    for name, test in re.findall(r"`tests/(test_\w+\.py)::(test_\w+)`", page):
        assert f"def {test}(" in (tests / name).read_text(encoding="utf-8"), f"{name}::{test}"
    rows = [line for line in page.splitlines() if line.startswith("| ") and " | " in line][2:]
    assert rows
    assert all("`tests/" in row for row in rows), textwrap.shorten(str([r for r in rows if "`tests/" not in r]), 400)

"""What goes wrong around the program: a one-line error, the right exit code, nothing half written, never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shapecalc.cli import main
from shapecalc.errors import InputProblem
from shapecalc.render.writing import write_whole

AFFINE = "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b"
CLAIMS = AFFINE + "; dW = X.T @ dZ; dX = dZ @ W"
COMMAND = [sys.executable, "-m", "shapecalc"]
ENVIRONMENT = {**os.environ, "PYTHONIOENCODING": "utf-8"}
ENVIRONMENT.pop("PYTHONUNBUFFERED", None)  # with it a full disk is met at once, not when the stream is closed
posix = pytest.mark.skipif(os.name != "posix", reason="signals and devices are those of POSIX")
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


def run(*words, env=None, **how):
    """The program in a process of its own."""
    environment = {**ENVIRONMENT, **(env or {})}
    how = {"encoding": "utf-8", "errors": "replace", **how}
    return subprocess.run([*COMMAND, *words], capture_output=True, env=environment, timeout=60, check=False, **how)


def shell(line, env=None):
    """A line of the shell, in which $shapecalc is the program."""
    program = f"'{sys.executable}' -m shapecalc"
    environment = {**ENVIRONMENT, **(env or {})}
    line = line.replace("$shapecalc", program)
    return subprocess.run(["sh", "-c", line], capture_output=True, encoding="utf-8", env=environment, check=False)


def one_line(done, code=2):
    """Whether a process has said in a line or two what is wrong, with the right code."""
    assert "Traceback" not in done.stderr
    assert 1 <= len(done.stderr.splitlines()) <= 3, done.stderr
    assert done.returncode == code, done.stderr


# ---- files ---------------------------------------------------------------------------------------------------

KILLED = """
import os, pathlib, signal
before = pathlib.Path.replace
def replace(self, target):
    os.kill(os.getpid(), signal.{signal})
    before(self, target)
pathlib.Path.replace = replace
"""


@posix
@pytest.mark.parametrize(
    ("name", "words"),
    [("SIGKILL", ("render", AFFINE)), ("SIGINT", ("derive", AFFINE)), ("SIGTERM", ("code", AFFINE)), ("SIGKILL", ("check", CLAIMS))],
)
def test_killed_in_the_middle_of_writing_the_old_file_is_whole(tmp_path, name, words):
    (tmp_path / "sitecustomize.py").write_text(KILLED.format(signal=name), encoding="utf-8")
    target = tmp_path / "out" / "page.txt"
    target.parent.mkdir()
    target.write_text("what was there", encoding="utf-8")
    done = run(*words, "-o", str(target), env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"})
    assert done.returncode == (130 if name == "SIGINT" else -getattr(signal, name))
    assert target.read_text(encoding="utf-8") == "what was there"
    if name == "SIGINT":
        assert [p.name for p in target.parent.iterdir()] == ["page.txt"]


@posix
def test_what_is_no_plain_file_is_written_into_and_never_replaced():
    for command in (("derive", AFFINE, "-f", "text"), ("check", AFFINE + "; dW = X.T @ dZ")):
        done = run(*command, "-o", "/dev/stdout")
        assert (done.returncode, done.stderr) == (0, "")
        assert "X.T @ dZ" in done.stdout
    assert run("code", AFFINE, "-o", "/dev/null").returncode == 0
    assert Path("/dev/null").is_char_device()


@posix
@needs_full
@pytest.mark.parametrize("words", [("derive", AFFINE, "-f", "json"), ("check", CLAIMS), ("gallery",), ("--version",), ("--help",)])
def test_a_full_disk(words):
    one_line(shell(" ".join(["$shapecalc", *(f"'{w}'" for w in words), "> /dev/full"])))


@posix
@needs_full
def test_a_full_disk_under_a_file():
    one_line(run("derive", AFFINE, "-f", "text", "-o", "/dev/full"))
    assert Path("/dev/full").is_char_device()


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    target = tmp_path / "page.txt"
    target.write_text("what was there", encoding="utf-8")
    with pytest.raises(InputProblem, match="No space left"):
        write_whole(target, b"new")
    assert target.read_text(encoding="utf-8") == "what was there"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("target", ["missing/page.txt", "", "page.txt/page.txt"])
def test_an_unwritable_target(tmp_path, target):
    (tmp_path / "page.txt").write_text("", encoding="utf-8")
    one_line(run("derive", AFFINE, "-f", "text", "-o", str(tmp_path / target)))


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write anything")
def test_a_read_only_file_is_not_replaced(tmp_path):
    target = tmp_path / "page.txt"
    target.write_text("what was there", encoding="utf-8")
    target.chmod(0o444)
    one_line(run("derive", AFFINE, "-f", "text", "-o", str(target)))
    assert target.read_text(encoding="utf-8") == "what was there"


def test_a_read_only_file_is_said_to_be_one(tmp_path, monkeypatch):
    target = tmp_path / "page.txt"
    target.write_text("what was there", encoding="utf-8")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputProblem, match="read-only"):
        write_whole(target, b"new")


@posix
def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path):
    target, link = tmp_path / "page.txt", tmp_path / "link.txt"
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"
    write_whole(tmp_path / ("a" * 250), b"a long name")


# ---- streams ---------------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("words", [f"check '{CLAIMS}'", f"check '{CLAIMS}' -fjson", f"derive '{AFFINE}' -f json", "derive --help"])
def test_a_closed_pipe_is_quiet_and_has_a_code_of_its_own(tmp_path, words):
    done = shell(f"($shapecalc {words}; echo $? > '{tmp_path / 'code'}') | true")
    assert done.stderr == ""
    assert (tmp_path / "code").read_text() == "141\n"


@posix
@pytest.mark.parametrize(("words", "code"), [(f"derive '{AFFINE}' >&-", 0), ("derive - <&- 2>&-", 2), (f"check '{CLAIMS}' >&- 2>&-", 1)])
def test_streams_that_are_closed(words, code):
    done = shell(f"$shapecalc {words}")
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@posix
def test_a_standard_input_that_cannot_be_read(tmp_path):
    done = shell(f"$shapecalc derive - 0> '{tmp_path / 'out'}'")
    one_line(done)
    assert done.stderr.startswith("standard input cannot be read: ")


@posix
def test_a_file_whose_name_is_not_utf_8(tmp_path, monkeypatch):
    try:
        (tmp_path / os.fsdecode(b"a\xff.sheet")).write_text(CLAIMS, encoding="utf-8")
    except OSError:
        pytest.skip("this file system has no such names")
    monkeypatch.chdir(tmp_path)
    for words in (("-f", "json", "-o", "out.json"), ("--resume", "out.json"), ("--resume", "out.json"), ("-f", "github", "-o", "out.txt")):
        assert main(["check", ".", *words]) == 1
    kept = (tmp_path / "out.json").read_text(encoding="utf-8").splitlines()
    assert [os.fsencode(json.loads(line)["source"]) for line in kept] == [b"a\xff.sheet"]
    assert "file=a\\udcff.sheet,line=1," in (tmp_path / "out.txt").read_text(encoding="utf-8")


@posix
def test_an_interrupt_is_quiet_and_130():
    slow = "x: (n,)\nA: (n, n)\n" + "".join(f"x{k} = tanh(A @ {'x' if k == 0 else f'x{k - 1}'})\n" for k in range(4000)) + "L = sum(x3999)"
    child = subprocess.Popen([*COMMAND, "derive", slow], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
    time.sleep(1.0)  # it is at work by then, and not yet done
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, b"")


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("ascii", ("check", "α: (n,); y = 2*α; dα = 3*dy")),
        ("cp1252", ("derive", AFFINE)),
        ("latin-1", ("check", CLAIMS)),
        ("ascii", ("derive", "é: (")),
    ],
)
def test_an_output_that_knows_few_characters(encoding, words):
    done = run(*words, env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert done.returncode in {0, 1, 2}
    assert "Traceback" not in done.stderr


def test_verify_in_ascii(tmp_path):
    path = tmp_path / "é.json"
    assert run("derive", "α: (n,); y = 2*α", "-f", "json", "-o", str(path)).returncode == 0
    done = run("verify", str(path), env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("command", "data"), [("derive", b"\xff\xfeX\x00"), ("check", b"X: (n,)\xe9"), ("verify", bytes(range(256)))])
def test_input_that_is_not_utf_8(tmp_path, data, command):
    path = tmp_path / "x.sheet"
    path.write_bytes(data)
    done = subprocess.run([*COMMAND, command, "-"], input=data, capture_output=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr + done.stdout
    done = subprocess.run([*COMMAND, command, str(path)], capture_output=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr + done.stdout


# ---- surroundings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["ModuleNotFoundError('No module named typst', name='typst')", "ImportError('a library is missing')"])
def test_a_missing_or_broken_typst(tmp_path, error):
    (tmp_path / "typst.py").write_text(f"raise {error}", encoding="utf-8")
    path = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", "PATH": ""}
    one_line(run("render", AFFINE, "-o", str(tmp_path / "page.pdf"), env=path))
    one_line(run("render", AFFINE, "-o", str(tmp_path / "page.png"), env=path))
    assert not (tmp_path / "page.pdf").exists()


FAKE = {
    "pdflatex": "#!/bin/sh\nprintf '! Emergency stop.\\n'; exit 1\n",
    "slow": "#!/bin/sh\nexec sleep 30\n",
    "good": "#!/bin/sh\nprintf '%%PDF-1.4' > page.pdf\n",
    "pdftoppm": "#!/bin/sh\nexit 3\n",
}


@posix
@pytest.mark.parametrize(
    ("latex", "suffix", "says"),
    [
        ("pdflatex", "pdf", "pdflatex: Emergency stop.\n"),
        ("slow", "pdf", "pdflatex took longer than 0.2 seconds\n"),
        ("good", "png", "pdftoppm makes no picture of this page\n"),
        ("", "pdf", 'PDF needs the typst package, or pdflatex on the PATH\n  pip install "shapecalc[pdf]"\n'),
        ("", "svg", 'SVG pages need the typst package\n  pip install "shapecalc[pdf]"\n'),
    ],
)
def test_pages_without_typst(tmp_path, monkeypatch, capsys, latex, suffix, says):
    from shapecalc.render import pdf

    for name, script in {"pdflatex": FAKE.get(latex, ""), "pdftoppm": FAKE["pdftoppm"]}.items():
        if script:
            (tmp_path / name).write_text(script, encoding="utf-8")
            (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(pdf, "find_spec", lambda _: None)
    monkeypatch.setattr(pdf, "PATIENCE", 0.2 if latex == "slow" else 20)
    monkeypatch.setenv("PATH", str(tmp_path) + (f"{os.pathsep}/bin{os.pathsep}/usr/bin" if latex else ""))
    target = tmp_path / f"page.{suffix}"
    assert main(["derive", AFFINE, "--no-entries", "-o", str(target)]) == 2
    assert capsys.readouterr().err == says
    assert not target.exists()


@pytest.mark.parametrize("missing", ["numpy", "IPython"])
def test_what_is_optional_is_not_missed(tmp_path, missing):
    (tmp_path / f"{missing}.py").write_text("raise ImportError", encoding="utf-8")
    path = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    assert run("derive", AFFINE, "--no-entries", env=path).returncode == 0
    assert run("check", CLAIMS, env=path).returncode == 1


@posix
def test_no_home_and_nowhere_to_write(tmp_path):
    away = {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent", "TMPDIR": "/nonexistent"}
    done = run("derive", AFFINE, env=away, cwd="/")
    assert (done.returncode, done.stderr) == (0, "")
    target = tmp_path / "page.html"
    assert run("derive", AFFINE, "-o", str(target), env=away, cwd="/").returncode == 0
    assert target.exists()

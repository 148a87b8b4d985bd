"""Many sources: in order, whatever happens to a file, to a worker or to the run itself."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib import resources
from multiprocessing import get_context
from pathlib import Path

import pytest

import shapecalc
from shapecalc.batch import files, limits
from shapecalc.batch.judged import Judged
from shapecalc.batch.many import judged as anywhere
from shapecalc.batch.processes import processes
from shapecalc.batch.tasks import Task, of_path, together
from shapecalc.batch.work import Work
from shapecalc.cli.main import main
from shapecalc.cli.resuming import Results
from shapecalc.exposition.reports import about

PROBLEM = "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b"
RIGHT, WRONG = "dW = X.T @ dZ", "db = sum(dZ, axis=1)"
JUDGED = Judged("denominator", structured=False, aliases={})


def run(*arguments, cwd=None, **how):
    command = [sys.executable, "-m", "shapecalc", "check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False, cwd=cwd, **how)


def course(path, count):
    lines = [{"id": f"s{k}", "problem": PROBLEM, "claims": [RIGHT, WRONG if k % 5 == 3 else RIGHT]} for k in range(count)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def verdicts(text):
    return [(r["name"], [c["verdict"] for c in r["claims"]]) for r in map(json.loads, text.splitlines())]


# ---- what a task does in a worker, for the tests: a text may ask its worker to die, to hang, or to fail


class Obeying:
    """Draws reports, and obeys texts. Lives at the top of a module, so that it travels."""

    def __init__(self, directory):
        self.directory = directory

    def __call__(self, task, reports):
        word, _, name = task.text.partition(" ")
        mark = Path(self.directory) / (name or "mark")
        if word == "die" or (word == "once" and not mark.exists()):
            mark.touch()
            if not [r for r in reports if "died" in "".join(r.problems)]:
                os.kill(os.getpid(), signal.SIGKILL)
        if word == "fail":
            raise KeyError(name)
        if word == "hang" and not any("longer" in p for r in reports for p in r.problems):
            time.sleep(60)
        return task.text, [p for r in reports for p in r.problems if "nothing to derive" not in p and "not" not in p[:60]]


def sheet(*claims):
    return "\n".join([PROBLEM, *claims])


# ---- from Python


def test_check_many_keeps_the_order(tmp_path):
    (tmp_path / "a.sheet").write_text(sheet(WRONG), encoding="utf-8")
    given = [sheet(RIGHT), sheet(WRONG), tmp_path, "X: (S, D); Z = X W", sheet(RIGHT)]
    alone = list(shapecalc.check_many(given))
    assert [r.ok for r in alone] == [True, False, False, False, True]
    assert alone[2].first_wrong.where == f"{tmp_path / 'a.sheet'}:2:1"
    assert alone[0].first_wrong is None
    with ThreadPoolExecutor(2) as executor:
        assert list(map(marks, shapecalc.check_many(given, executor))) == list(map(marks, alone))
    with ProcessPoolExecutor(2, get_context("spawn")) as executor:
        assert list(map(marks, shapecalc.check_many(given, executor))) == list(map(marks, alone))


def marks(report):
    return report.name, [(c.verdict, c.slip, c.message) for c in report.claims], report.problems


def test_groups_are_small_at_first():
    groups = [len(g) for g in together((Task(None, "text", "") for _ in range(1000)), 2)]
    assert groups[:8] == [1] * 8
    assert max(groups) <= 16
    assert sum(groups) == 1000


def test_only_so_much_is_under_way():
    asked = 0

    def endless():
        nonlocal asked
        while True:
            asked += 1
            yield Task(None, "text", sheet(RIGHT))

    with ThreadPoolExecutor(1) as executor:
        found = anywhere(endless(), Work(JUDGED), executor, 1)
        for _ in range(5):
            next(found)
        assert asked < 40
        found.close()


@pytest.mark.parametrize("word", ["once", "die"])
def test_a_worker_that_is_killed_costs_nobody_else_anything(tmp_path, word):
    texts = [sheet(RIGHT)] * 7 + [f"{word} mark"] + [sheet(WRONG)] * 8
    with processes(2, 30) as make:
        found = [r for _, r in anywhere([Task(None, "text", t) for t in texts], Work(JUDGED, 30, Obeying(str(tmp_path))), make(), 2, make)]
    assert [text for text, _ in found] == texts
    problems = [p for _, p in found if p]
    assert problems == ([["the worker that judged this died"]] if word == "die" else [])


def test_an_executor_that_breaks_is_replaced(tmp_path):
    texts = [sheet(RIGHT), "once mark", sheet(RIGHT)]
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        found = [r for _, r in anywhere([Task(None, "text", t) for t in texts], Work(JUDGED, 30, Obeying(str(tmp_path))), executor)]
    assert [text for text, _ in found] == texts


@pytest.mark.parametrize("thread", [False, True])
def test_time_is_up(thread):
    def spin():
        try:
            with limits.within(0.2):
                while True:
                    pass
        except limits.TimeUp:
            caught.append(True)

    caught = []
    if thread:
        other = threading.Thread(target=spin)
        other.start()
        other.join(10)
    else:
        spin()
    assert caught
    time.sleep(0.01)
    with limits.within(5):
        pass


def test_a_limit_in_a_thread_leaves_nothing_behind():
    """After an exception that was taken back, Python 3.11 would hang here."""
    program = """
import sys, threading
from shapecalc.batch.limits import TimeUp, within
def quick():
    with within(60):
        pass
def late():
    try:
        with within(0.05):
            while True:
                pass
    except TimeUp:
        print("up")
for work in (quick, late):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
sys.settrace(lambda *_: None)
print(max(k for k in range(3)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["up", "2"]


def test_a_source_that_takes_too_long_or_fails(tmp_path):
    work = Work(JUDGED, 0.5, Obeying(str(tmp_path)))
    _, problems = work.one(Task(None, "text", "hang"))
    assert problems == ["this took longer than 0.5 seconds"]


def test_what_was_not_judged_to_the_end_is_not_said_to_be_unreadable():
    (late,) = about(*Work(JUDGED, 0.5).failed(Task(None, "text", ""), "this took longer than 0.5 seconds"))
    (bad,) = about(JUDGED.text("X: (S, D\ndX = X", None))
    assert [b.title[0].text for b in (late, bad)] == ["This was not judged to the end", "This cannot be read"]


# ---- strangers' files


def test_below_a_directory_only_plain_files_are_opened(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.sheet").write_text(sheet(RIGHT), encoding="utf-8")
    (inside / "good.sheet").write_text(sheet(RIGHT), encoding="utf-8")
    (inside / "deep").mkdir()
    (inside / "deep" / "wrong.sheet").write_text(sheet(WRONG), encoding="utf-8")
    (inside / "link.sheet").symlink_to(outside / "secret.sheet")
    (inside / "links").symlink_to(outside)
    os.mkfifo(inside / "pipe.sheet")
    assert [p.name for p in files.found(inside)] == ["good.sheet", "wrong.sheet"]
    done = run(inside, inside / "pipe.sheet", "/dev/zero", "--format", "json")
    assert done.returncode == 2
    names = [(r["name"], r["ok"]) for r in map(json.loads, done.stdout.splitlines())]
    assert [(Path(n).name, ok) for n, ok in names] == [("good.sheet", True), ("wrong.sheet", False), ("pipe.sheet", False), ("zero", False)]


BROKEN = {
    "bytes.sheet": b"\xff\xfe\x00X",
    "empty.sheet": b"",
    "nul.sheet": b"X: (S, D)\x00; Z = X\ndX = dZ",
    "deep.sheet": b"X: (S, D); Z = " + b"(" * 20_000 + b"X",
    "long.sheet": b"X: (S, D); Z = X" + b" + X" * 60_000,
    "broken.ipynb": b'{"cells": [{"cell_type": "markdown", "source": ["```shapecalc\\n", ',
    "deep.ipynb": b"[" * 100_000,
    "broken.py": b"def backward(:\n",
    "deep.py": b"# X: (S, D)\ndX = " + b"-" * 50_000 + b"X",
    "broken.tex": b"% shapecalc: X: (S, D); Z = X\n\\[ \\frac{\\partial L}{\\partial X} = \\left( \\]",
    "broken.jsonl": b'{"source": 3}\n[1, 2]\n\xff\n{"problem": "X: (S, D); Z = X", "claims": [1]}\n' + b"[" * 200_000 + b"\n{",
    "first.sheet": b"X: (S, D); W: (D, M)\nZ = X W\nL = sum(Z**2)\ndW = X.T @ dZ\n",
}


def test_broken_files_never_stop_the_rest(tmp_path):
    for name, data in BROKEN.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "zz.sheet").write_text(sheet(RIGHT), encoding="utf-8")
    done = run(tmp_path, tmp_path / "no such file", "X: (S, D) Z", "--format", "json", "--jobs", 2)
    assert done.returncode == 2, done.stderr
    assert not done.stderr
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["name"] for r in reports if r["ok"]] == [str(tmp_path / "zz.sheet")]
    named = {Path(str(r["source"])).name.partition(":")[0] for r in reports}
    assert named >= {*BROKEN, "zz.sheet", "no such file"}
    for r in reports:
        assert r["ok"] or r["problems"] or any(c["verdict"] != "right" for c in r["claims"])


def test_the_first_thing_that_is_wrong_with_a_problem_is_told(tmp_path):
    path = tmp_path / "first.sheet"
    path.write_bytes(BROKEN["first.sheet"])
    done = run(path)
    assert done.returncode == 2
    assert f"{path}:2:5" in done.stdout
    assert "an operator is missing between X and W" in done.stdout
    notes = tmp_path / "notes.md"
    notes.write_text("# Notes\n\n```shapecalc\nX: (S, D); W: (D, M)\nZ = X W\ndW = X.T @ dZ\n```\n", encoding="utf-8")
    done = run(notes)
    assert done.returncode == 2
    assert f"{notes}:5:5" in done.stdout


# ---- many of them


def test_jobs_make_no_difference(tmp_path):
    path = course(tmp_path / "course.jsonl", 60)
    (tmp_path / "a.sheet").write_text(sheet(RIGHT, WRONG), encoding="utf-8")
    for how in ("json", "text", "github"):
        one, two = (run(tmp_path, "--format", how, "--jobs", n) for n in (1, 2))
        assert one.returncode == two.returncode == 1
        assert one.stdout == two.stdout
    assert verdicts(run(path, "--format", "json").stdout)[3] == ("s3", ["right", "wrong"])
    github = run(path, "--format", "github").stdout.splitlines()
    assert github[0].startswith(f"::error file={path},line=4,title=wrong-axis")


def test_every_line_follows_the_schema(tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(resources.files("shapecalc.publishing").joinpath("data/report-1.schema.json").read_text(encoding="utf-8"))
    course(tmp_path / "course.jsonl", 5)
    cell = {"cell_type": "code", "source": f"%%check\n{sheet(WRONG)}"}
    (tmp_path / "notes.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    (tmp_path / "other.md").write_text("nothing of ours\n", encoding="utf-8")
    (tmp_path / "first.sheet").write_bytes(BROKEN["first.sheet"])
    kept = tmp_path / "kept" / "results.jsonl"
    kept.parent.mkdir()
    lines = run(tmp_path, "--format", "json").stdout.splitlines()
    run(tmp_path, "--resume", kept)
    kept_lines = kept.read_text(encoding="utf-8").splitlines()
    assert (len(lines), len(kept_lines)) == (7, 8)
    for line in lines + kept_lines:
        jsonschema.validate(json.loads(line), schema)


def test_reports_of_several_are_apart_and_summed_up(tmp_path):
    for name, claims in {"a.sheet": [RIGHT], "b.sheet": [WRONG]}.items():
        (tmp_path / name).write_text(sheet(*claims), encoding="utf-8")
    out = run(tmp_path).stdout
    assert f"The claim is right.\n\n{tmp_path / 'b.sheet'}\n" in out
    assert out.endswith("\n\n2 sources, 1 of 2 claims right, 1 wrong.\n")
    assert f"{tmp_path / 'b.sheet'}:2:1" in out
    assert run(tmp_path / "a.sheet").stdout.endswith("The claim is right.\n")


def test_resume_skips_what_is_there_and_counts_nothing_twice(tmp_path):
    path, kept = course(tmp_path / "course.jsonl", 40), tmp_path / "results.jsonl"
    whole = run(path, "--resume", kept)
    assert whole.stdout == "40 sources, 72 of 80 claims right, 8 wrong.\n"
    assert whole.returncode == 1
    everything = kept.read_text(encoding="utf-8")
    lines = everything.splitlines(keepends=True)
    for left in ("".join(lines[:10]) + lines[10][:50], "".join(lines[:10]) + lines[10][:-1], lines[0] + "{garbage\n" + "".join(lines[1:9])):
        kept.write_text(left, encoding="utf-8")
        again = run(path, "--resume", kept, "--jobs", 2)
        assert again.stdout == f"40 sources ({10 if 'garbage' not in left else 9} of them judged before), 72 of 80 claims right, 8 wrong.\n"
        assert again.returncode == 1
        assert kept.read_text(encoding="utf-8") == everything


def test_two_runs_do_not_write_to_one_file(tmp_path):
    kept = tmp_path / "results.jsonl"
    with Results(kept, "how"):
        done = run(sheet(RIGHT), "--resume", kept)
    assert done.returncode == 2
    assert f"another run is writing to {kept}" in done.stderr
    assert run(sheet(RIGHT), "--resume", kept).returncode == 0


@pytest.mark.parametrize(
    "more",
    [
        {"part": [1, float("inf")]}, {"part": [1]}, {"part": [0, 2]}, {"part": [-1, -1]}, {"part": None}, {"claims": 5}, {"claims": [5]},
        {"claims": None}, {"claims": [{}]}, {"claims": "right"}, {"source": None}, {"digest": "another"},
    ],
)  # fmt: skip
def test_a_line_of_results_that_is_none_is_judged_again(tmp_path, more):
    kept, path = tmp_path / "kept.jsonl", tmp_path / "a.sheet"
    path.write_text(sheet(WRONG), encoding="utf-8")
    assert main(["check", str(path), "--resume", str(kept)]) == 1
    line = json.loads(kept.read_text(encoding="utf-8"))
    kept.write_text(json.dumps(line | more) + "\n", encoding="utf-8")
    assert main(["check", str(path), "--resume", str(kept)]) == 1
    again = [json.loads(one) for one in kept.read_text(encoding="utf-8").splitlines()]
    assert [r["claims"][0]["verdict"] for r in again if r["source"] == str(path)] == ["wrong"]
    assert again[-1] == line | {"claims": again[-1]["claims"]}


def test_resume_sees_what_has_changed(tmp_path):
    kept = tmp_path / "results.jsonl"
    for name in "abc":
        (tmp_path / f"{name}.sheet").write_text(sheet(WRONG), encoding="utf-8")
    assert main(["check", str(tmp_path / "a.sheet"), str(tmp_path / "b.sheet"), "--resume", str(kept)]) == 1
    (tmp_path / "a.sheet").write_text(sheet(RIGHT), encoding="utf-8")
    done = run(*(tmp_path / f"{n}.sheet" for n in "abc"), "--resume", kept)
    assert done.stdout == "3 sources (1 of them judged before), 1 of 3 claims right, 2 wrong.\n"
    reports = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    assert sorted((Path(r["source"]).name, r["ok"]) for r in reports) == [("a.sheet", True), ("b.sheet", False), ("c.sheet", False)]
    done = run(*(tmp_path / f"{n}.sheet" for n in "abc"), "--resume", kept, "--layout", "numerator")
    assert "judged before" not in done.stdout


def test_results_of_a_file_with_several_problems_belong_together(tmp_path):
    block = f"```shapecalc\n{PROBLEM}\n{WRONG}\n```\n"
    (tmp_path / "notes.md").write_text(block * 3, encoding="utf-8")
    (tmp_path / "other.md").write_text("nothing of ours\n", encoding="utf-8")
    kept = tmp_path / "results.jsonl"
    assert run(tmp_path, "--resume", kept).stdout.endswith("0 of 3 claims right, 3 wrong.\n")
    lines = kept.read_text(encoding="utf-8").splitlines(keepends=True)
    kept.write_text("".join(lines[:2]), encoding="utf-8")
    assert run(tmp_path, "--resume", kept).stdout.endswith("0 of 3 claims right, 3 wrong.\n")
    assert kept.read_text(encoding="utf-8") == "".join(lines)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_run_keeps_what_was_written(tmp_path, jobs):
    path, kept = course(tmp_path / "course.jsonl", 3000), tmp_path / "results.jsonl"
    command = [sys.executable, "-m", "shapecalc", "check", str(path), "--resume", str(kept), "--jobs", str(jobs)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    end = time.monotonic() + 60
    while time.monotonic() < end and (not kept.exists() or kept.read_bytes().count(b"\n") < 20):
        time.sleep(0.05)
    os.killpg(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert b"Traceback" not in err
    count = kept.read_bytes().count(b"\n")
    assert 20 <= count < 3000
    assert all(json.loads(line)["ok"] in (True, False) for line in kept.read_text(encoding="utf-8").splitlines())


def test_a_directory_of_every_kind_of_file_gives_tasks(tmp_path):
    for name in ("b.sheet", "a.md", "c.txt", "d.PY"):
        (tmp_path / name).write_text(sheet(RIGHT), encoding="utf-8")
    course(tmp_path / "z.jsonl", 2)
    found = [(Path(t.path).name, t.kind, t.searched) for t in of_path(tmp_path)]
    line = ("z.jsonl", "line", False)
    assert found == [("a.md", "file", True), ("b.sheet", "file", False), ("d.PY", "file", True), line, line]


def test_a_bar_is_drawn_where_somebody_waits(tmp_path):
    pty = pytest.importorskip("pty")
    path = course(tmp_path / "course.jsonl", 500)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "shapecalc", "check", str(path), "--format", "json"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    seen = bytearray()
    drawn = threading.Event()

    def watch():
        try:
            while part := os.read(ours, 4096):
                seen.extend(part)
                if b"/500" in seen:
                    drawn.set()
        except OSError:
            pass

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    drawn.wait(60)  # nobody reads until then, and the answers are more than a pipe holds: a quick machine waits, too
    out, _ = child.communicate(timeout=120)
    assert len(out) > 65536
    os.close(theirs)
    watcher.join(5)
    assert out.count(b"\n") == 500
    assert b"/500" in seen
    assert b"\x1b" not in out


# ---- a cluster


@pytest.mark.slow
def test_a_dask_cluster_loses_a_worker(tmp_path):
    distributed = pytest.importorskip("distributed")
    path = course(tmp_path / "course.jsonl", 400)
    alone = run(path, "--format", "json").stdout
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1") as cluster:
        command = [sys.executable, "-m", "shapecalc", "check", str(path), "--format", "json", "--dask", cluster.scheduler_address]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")
        first = child.stdout.readline()
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
        rest = child.stdout.read()
        err = child.stderr.read()
        child.wait(60)
        assert first + rest == alone, err
        assert child.returncode == 1
        with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
            reports = list(shapecalc.check_many([sheet(RIGHT), sheet(WRONG)] * 10, client.get_executor(pure=False)))
            assert [r.ok for r in reports] == [True, False] * 10


def test_no_cluster_no_guess():
    pytest.importorskip("distributed")
    done = run(sheet(RIGHT), "--dask", "tcp://127.0.0.1:1")
    assert done.returncode == 2
    assert "no Dask scheduler at tcp://127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
    done = run(sheet(RIGHT), "--dask", "gopher://127.0.0.1:1")
    assert done.returncode == 2
    assert "unknown address scheme 'gopher'" in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_a_cluster_in_this_process(tmp_path, capsys):
    distributed = pytest.importorskip("distributed")
    path = course(tmp_path / "course.jsonl", 10)
    code = main(["check", str(path), "-f", "json"])
    alone = capsys.readouterr().out
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster:
        assert main(["check", str(path), "-f", "json", "--dask", cluster.scheduler_address]) == code == 1
        assert capsys.readouterr().out == alone

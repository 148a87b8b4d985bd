"""Mutants of ourselves: `python -m tests.mutation --sample 300 --seed 1` (from the root of the repository).

One place of `calculus/`, `verify/`, `ops/` or `shapes.py` is changed at a time, in a copy of the tree, and a quick part of the tests is run
on it, in the order in which they are likely to notice, until one fails. What survives is printed with its place.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("shapecalc/calculus", "shapecalc/verify", "shapecalc/ops", "shapecalc/shapes.py")
RULES = ("tests/test_forms.py", "tests/test_evaluate.py", "tests/test_notation.py", "tests/test_peers.py", "tests/test_published.py")
CERTIFIED = ("tests/test_rules.py", "-k", "certified or differences")
VERIFY = ("tests/test_verify.py", "-k", "not thousand and not hundred and not speed")
ENTRIES = ("tests/test_entries.py",)
SUITES = {  # the first that is in the path of a file
    "calculus/entr": (ENTRIES,),
    "verify": (VERIFY, ("tests/test_check.py",)),
    "": (RULES, CERTIFIED, ("tests/test_random_programs.py", "-k", "closed or printed")),
}
SECONDS = 120  # for one mutant; one that never ends is noticed, too
NUMBER = (int, float)
FLIPPED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn,
    ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def words(node):
    """Whether it is a docstring or a message: a change of words is no change of what is computed."""
    return isinstance(node, ast.Raise | ast.JoinedStr) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def places(tree):
    """Every (node, what) that can be changed, in order."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if words(node) or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            continue
        stack += reversed([n for n in ast.iter_child_nodes(node) if not is_annotation(node, n)])
        yield from ((node, what) for what in changes(node))


def is_annotation(parent, node):
    names = ("annotation", "returns")
    return any(getattr(parent, name, None) is node for name in names) or isinstance(node, ast.ImportFrom | ast.Import)


def changes(node):
    """What can be changed at a node."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in FLIPPED:
        yield "comparison"
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in FLIPPED:
        yield "operator"
    if isinstance(node, ast.Constant) and isinstance(node.value, NUMBER) and not isinstance(node.value, bool):
        yield "number"
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "boolean"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield "sign"
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "condition"
    if isinstance(node, ast.Return) and node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield "return"
    if isinstance(node, ast.Continue | ast.Break):
        yield "jump"
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "call"
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and ("dy" in node.value or "DY" in node.value):
        yield "rule"


def changed(node, what):
    """Changes the node in place, or says what stands there instead."""
    match what:
        case "comparison":
            node.ops[0] = FLIPPED[type(node.ops[0])]()
        case "operator":
            node.op = FLIPPED[type(node.op)]()
        case "number":
            node.value += 1
        case "boolean":
            node.value = not node.value
        case "sign":
            return node.operand
        case "condition":
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case "return":
            node.value = ast.Constant(None)
        case "jump" | "call":
            return ast.Pass()
        case "rule":
            node.value = f"-({node.value})" if not node.value.rstrip().endswith(")'") else node.value + " "
    return node


def mutant(source, number):
    """The source with one place changed, its line, and what was changed."""
    tree = ast.parse(source)
    target, what = list(places(tree))[number]
    line = target.lineno if hasattr(target, "lineno") else 0
    before = ast.unparse(copy.deepcopy(target)).partition("\n")[0][:80]

    class Put(ast.NodeTransformer):
        def visit(self, node):
            return changed(node, what) if node is target else self.generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Put().visit(tree))), line, f"{what}: {before}"


def suite(path):
    """The parts of the tests that are about a file."""
    return next(parts for key, parts in SUITES.items() if key in path.as_posix())


def run(tree, log, parts, left_out=()):
    """Which part of the tests notices; None where none does. Each part is a process of its own that has loaded nothing of ours before."""
    for part in parts:
        child = os.fork()
        if child == 0:
            tested(tree, ["-x", *part, *(word for name in left_out for word in ("--deselect", name))], log)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                break
            time.sleep(0.02)
        else:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "time"
        if status:
            return part[0].rpartition("/")[2]
    return None


def failing(tree, log):
    """The tests that fail before anything is changed."""
    found = []
    for part in dict.fromkeys(p for parts in SUITES.values() for p in parts):
        child = os.fork()
        if child == 0:
            tested(tree, part, log)
        os.waitpid(child, 0)
        found += [line.split()[1] for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.startswith("FAILED ")]
    return found


def tested(tree, part, log):
    """In the child: the tests, quietly."""
    import resource

    import pytest

    os.setsid()
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    here = [word for word in part if not word.endswith(".py") or Path(word).exists()]
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    try:
        code = pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:shapecalc", "--rootdir", str(tree), *here])
    except BaseException:  # noqa: BLE001 - however it ends, it has noticed
        code = 1
    os._exit(int(code != 0))


def main(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--only", default="", help="files whose path has this in it")
    given = parser.parse_args(arguments)
    import hypothesis  # noqa: F401 - what every part needs is loaded once
    import numpy as np  # noqa: F401
    import pytest  # noqa: F401
    import sympy  # noqa: F401

    os.environ["SHAPECALC_PROGRAMS"] = "8"
    os.environ.pop("CI", None)
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".*", "__pycache__", "_build"))
        files = sorted(p for room in ROOMS for p in ([tree / room] if room.endswith(".py") else (tree / room).glob("*.py")))
        sources = {p: p.read_text(encoding="utf-8") for p in files if given.only in str(p.relative_to(tree))}
        every = [(p, k) for p, text in sources.items() for k in range(len(list(places(ast.parse(text)))))]
        left_out = failing(tree, Path(place) / "log")
        sys.stdout.write("".join(f"left out, since it fails without any change: {name}\n" for name in left_out))
        return sampled(given, tree, sources, every, left_out)


def sampled(given, tree, sources, every, left_out):
    """Tries a sample of the mutants."""
    start, counts, survivors = time.monotonic(), Counter(), []
    chosen = random.Random(given.seed).sample(every, min(given.sample, len(every)))
    for number, (path, k) in enumerate(chosen, 1):
        text, line, what = mutant(sources[path], k)
        path.write_text(text, encoding="utf-8")
        try:
            by = run(tree, tree.parent / "log", suite(path.relative_to(tree)), left_out)
        finally:
            path.write_text(sources[path], encoding="utf-8")
        counts[by or "survived"] += 1
        said = f"{path.relative_to(tree)}:{line} {what}"
        if by is None:
            survivors.append(said)
        sys.stdout.write(f"{number:4} {'killed by ' + by if by else 'SURVIVED':<30} {said}\n")
        sys.stdout.flush()
        if time.monotonic() - start > given.minutes * 60:
            break
    total, alive = counts.total(), counts["survived"]
    sys.stdout.write(f"\n{total} mutants of {len(every)}, {total - alive} killed ({(total - alive) / total:.1%})\n")
    sys.stdout.write("".join(f"  {count:4} {by}\n" for by, count in counts.most_common()))
    sys.stdout.write("".join(f"  survived: {s}\n" for s in survivors))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

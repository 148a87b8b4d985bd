"""Mutants of ourselves: `python -m tests.mutation --sample 300 --seed 1` (from the root of the repository).

One place of `calculus/`, `verify/`, `ops/` or `shapes.py` is changed at a time, and the tests that run the changed statement
(`tests/covering.py`) are run on it until one fails: some from every file of tests, those that have killed a neighbour first, then the
fastest; at most `TESTS` of them, or of some `SECONDS` seconds. What survives is printed with its place; `--again` tries it against all,
and `--thorough` every one from the beginning.

What is no mutant: docstrings, messages of exceptions, annotations, imports, `__repr__`.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from itertools import chain, zip_longest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from covering import ENDLESS, FUNCTION, OPTIONS, Source, Tests, owners, pairs

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("shapecalc/calculus", "shapecalc/verify", "shapecalc/ops", "shapecalc/shapes.py")
LEFT_OUT = (  # other processes, or nothing of these rooms
    "house", "benchmarks", "faults", "fuzz", "notebook", "batch", "docs", "security", "campaign", "pytest_plugin", "gallery",
)  # fmt: skip
MARKERS = "not slow and not autodiff and not tex and not browser and not benchmark"
TESTS, SECONDS = 400, 14.0  # for one mutant
ANEW, ANEW_SECONDS = 120, 8.0  # for one that is loaded anew
EVERY, PATIENCE = 4000, 60.0  # for one that is tried again, which has survived that
KEPT = Path(tempfile.gettempdir()) / "shapecalc-mutation.map"
STRICT = re.compile("word_for_word|index_form|test_claims")
OF_THE_BOOK = re.compile("/test_(rule|evaluate|notation|codegen|spellings)")
INCOMING = re.compile(r"\bdy_?\b", re.IGNORECASE)
RULES = {"slopes", "pulls", "means", "spectral"}
NUMBER = (int, float)
FLIPPED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn,
    ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def words(node):
    """Whether it is a docstring, a message, or how an object shows itself: a change of words is no change of what is computed."""
    said = isinstance(node, FUNCTION) and node.name == "__repr__"
    return said or isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def places(tree):
    """Every (node, what) that can be changed, in order."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if words(node) or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            continue
        stack += reversed([n for n in ast.iter_child_nodes(node) if not is_annotation(node, n)])
        yield from ((node, what) for what in changes(node))
        yield from ((text, "rule") for text in rules(node))


def rules(node):
    """The formulas of the rule book that do not speak of ``dy``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_unary":
        given = node.args[1:]
    else:
        given = [node.value] if isinstance(node, ast.keyword) and node.arg in RULES else []
    for text in (n for value in given for n in ast.walk(value)):
        if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value and not INCOMING.search(text.value):
            yield text


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
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and INCOMING.search(node.value):
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


def mutated(text, number):
    """The tree with one place changed, and (the line, the kind, what stood there)."""
    tree = ast.parse(text)
    target, what = list(places(tree))[number]
    before = ast.unparse(copy.deepcopy(target)).partition("\n")[0][:80]

    class Put(ast.NodeTransformer):
        def visit(self, node):
            return changed(node, what) if node is target else self.generic_visit(node)

    return ast.fix_missing_locations(Put().visit(tree)), (getattr(target, "lineno", 0), what, before)


# ---- which tests -------------------------------------------------------------------------------------------


class Users:
    """Who uses what is defined outside of functions: the marks of the statements that mention a name."""

    def __init__(self, sources):
        self.marks, self.above = defaultdict(set), defaultdict(set)
        for source in sources:
            tree = ast.parse(source.text)
            numbers, _ = owners(tree)
            for top in tree.body:
                for node in ast.walk(top):
                    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
                    if name is None:
                        continue
                    if numbers[id(node)] is None:
                        self.above[name] |= set(defined(top))
                    else:
                        self.marks[name].add(numbers[id(node)] + source.first)

    def of(self, names, rounds=3):
        """The marks that hang on these names, by way of other definitions, too."""
        found, seen = set(), set()
        for _ in range(rounds):
            found = found.union(*(self.marks[name] for name in names))
            seen |= set(names)
            names = set().union(*(self.above[name] for name in names)) - seen - {"OPS"}
        return found


def defined(top):
    """The names that a statement of a module defines."""
    if isinstance(top, FUNCTION | ast.ClassDef):
        return (top.name,)
    return tuple(n.id for n in ast.walk(top) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def about(source, number, tests, users):
    """(the mark of a mutant or None, the tests that are about it, the words by which others are found)."""
    tree = ast.parse(source.text)
    target, _ = list(places(tree))[number]
    mark = owners(tree)[0][id(target)]
    mark = None if mark is None else mark + source.first
    if mark is not None and not tests.loading[mark]:
        return mark, tests.runs.get(mark, []), set()
    top = next(t for t in tree.body if any(n is target for n in ast.walk(t)))
    names = set(defined(top))
    words = set() if isinstance(top, FUNCTION) else set(names)  # a test of all records, or of all bounds, has them in its parameters
    own = owners(tree)[0]
    marks = {own[id(n)] + source.first for n in ast.walk(top) if own.get(id(n)) is not None} if isinstance(top, ast.ClassDef) else set()
    for node in ast.walk(top):
        if any(n is target for n in ast.walk(node)):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.add(node.target.id)
            if isinstance(node, ast.Call):
                words |= {a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    marks |= users.of(names) | ({mark} if mark is not None else set())
    names = list(dict.fromkeys(chain.from_iterable(tests.runs.get(m, []) for m in sorted(marks))))
    return None, names + [n for n in tests.times if source.path.parent.name == "ops" and OF_THE_BOOK.search(n)], words


def ordered(source, names, words, before, tests, most, seconds, dice):
    """The tests that are tried: what has killed before, what has the words, then in turn one that goes another way and one of each file."""
    named = [n for n in tests.times if any(re.search(rf"\b{re.escape(w)}\b", tests.words[n]) for w in words)]
    files, ways = defaultdict(list), {}
    for name in sorted(names, key=tests.times.get):
        files[name.partition("::")[0]].append(name)
        ways.setdefault(tests.ways(source)[name], name)
    for file, fast in files.items():
        mixed = dice.sample(fast, len(fast))
        files[file] = list(dict.fromkeys(n for pair in zip(fast, mixed, strict=True) for n in pair))
    spread = [n for row in zip_longest(*(part for file, part in turns(files))) for n in row if n]
    other = dice.sample(list(ways.values()), len(ways))
    spread = [n for pair in zip_longest(spread, other) for n in pair if n]
    chosen, total, favourites = [], 0.0, [n for n in before if n in set(names)][:8]
    for name in dict.fromkeys([*favourites, *sorted(named, key=tests.times.get)[: most // 2], *spread]):
        if len(chosen) < most and total + tests.times[name] <= seconds:
            chosen.append(name)
            total += tests.times[name]
    return [*favourites, *sorted((n for n in chosen if n not in favourites), key=tests.times.get)]


def turns(files):
    """The files in turn; those in which every word counts have four turns."""
    for file, names in files.items():
        yield from [(file, names[k::4]) for k in range(4)] if STRICT.search(file) else [(file, names)]


# ---- the run ---------------------------------------------------------------------------------------------------


class Run:
    """A sample of the mutants."""

    def __init__(self, given, sources):
        self.given, self.sources = given, sources
        self.killers = defaultdict(Counter)

    def __call__(self, tests):
        self.tests = tests
        start = time.monotonic()
        path = Path(self.given.map)
        left_out = tests.record(path)
        say(f"{len(tests.times)} tests are used, {sum(tests.times.values()):.0f} s; recorded in {time.monotonic() - start:.0f} s\n")
        say("".join(f"left out, since it fails here or takes too long: {name}\n" for name in left_out))
        if self.given.sample:
            self.users = Users(self.sources)
            self.every = [(s, k) for s in self.sources for k in range(len(list(places(ast.parse(s.text)))))]
            self.sampled()

    def sampled(self):
        asked = self.given.again and set(Path(self.given.again).read_text(encoding="utf-8").split())
        wanted = [(s, k) for s, k in self.every if self.given.only in str(s.path)]
        if asked:
            wanted = [(s, k) for s, k in wanted if f"{s.path.stem}#{k}" in asked]
        else:
            wanted = random.Random(self.given.seed).sample(wanted, min(self.given.sample, len(wanted)))
        counts, alive = Counter(), []
        wanted = wanted[self.given.part - 1 :: 2] if self.given.part else wanted
        for number, (source, k) in enumerate(wanted, 1):
            start = time.monotonic()
            tree, (line, what, before) = mutated(source.text, k)
            how, by, tried = self.tried(source, k, tree)
            counts[how] += 1
            said = f"{source.path.relative_to(ROOT)}:{line} {what}: {before}"
            if how != "killed":
                alive.append(f"{source.path.stem}#{k} {said}  [{how}, {tried} tests]")
            say(f"{number:4} {time.monotonic() - start:5.1f}s {how:<9} {by[:70]:<70} {source.path.stem}#{k} {said}\n")
        total, killed = counts.total(), counts["killed"] + counts["endless"]
        say(f"\n{total} mutants of {len(self.every)}: {killed} killed ({killed / total:.1%}) {dict(counts)}\n")
        say("".join(f"  {s}\n" for s in alive))

    def limits(self, *usual):
        return (EVERY, PATIENCE) if self.given.again or self.given.thorough else usual

    def tried(self, source, k, tree):
        """(how it ended, by which test, how many tests were tried)."""
        tests = self.tests
        mark, names, words = about(source, k, tests, self.users)
        if not names and not words:
            return "untested", "", 0
        before = [n for n, _ in self.killers[source.name].most_common()]
        tried, code, by = 0, 0, ""
        new = pairs(source.code, compile(tree, str(source.path), "exec"))
        replaced = [(a, b) for a, b in new if a in tests.functions]
        if mark is not None and all(len(a.co_freevars) == len(b.co_freevars) for a, b in replaced):
            chosen = ordered(source, names, words, before, tests, *self.limits(TESTS, SECONDS), random.Random(k))
            tried = len(chosen)
            code, by = tests.killer(lambda tell: tests.failing(chosen, replaced, tell))
            if code == 0 and not tests.collecting[mark]:
                return "survived", "", tried
        if not by and code != ENDLESS:
            chosen = ordered(source, names, words, before, tests, *self.limits(ANEW, ANEW_SECONDS), random.Random(k))
            tried = max(tried, len(chosen))
            code, by = tests.killer(lambda tell: tests.failing_anew(chosen, source, tree, tell))
        if by:
            self.killers[source.name][by] += 1
        return ("survived" if code == 0 else "endless" if code == ENDLESS else "killed"), by, tried


def say(words):
    sys.stdout.write(words)
    sys.stdout.flush()


def main(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="files whose path has this in it")
    parser.add_argument("--map", default=str(KEPT), help="where it is kept which test runs what; read again if it is there")
    parser.add_argument("--part", type=int, default=0, help="of two processes that share a sample, the number: 1 or 2")
    parser.add_argument("--again", default="", help="a file of names, as printed: these, against every test that runs them")
    parser.add_argument("--thorough", action="store_true", help="each against every test that runs it, for a minute of them")
    given = parser.parse_args(arguments)
    import pytest

    os.chdir(ROOT)
    os.environ["SHAPECALC_PROGRAMS"] = "12"
    os.environ.pop("CI", None)
    sources = []
    for path in sorted(p for room in ROOMS for p in ([ROOT / room] if room.endswith(".py") else (ROOT / room).glob("*.py"))):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        sources.append(Source(path, name, path.read_text(encoding="utf-8"), sum(s.count for s in sources)))
    files = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "tests").glob("test_*.py") if p.stem.removeprefix("test_") not in LEFT_OUT)
    return int(pytest.main([*OPTIONS, "-s", "-m", MARKERS, *files], plugins=[Tests(sources, Run(given, sources))]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

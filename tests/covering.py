"""Which test runs which statement, and the tests of one statement on a mutant of it: the machinery of `tests/mutation.py`.

The modules in question are compiled with a mark before every statement of a function (and in every lambda), so that one pass over the tests
says which of them run it. All tests are collected once; a mutant is a forked process in which the changed code has taken the place of the
old one. What already ran while the modules were loaded (tables, defaults, the functions that made them) cannot be replaced afterwards:
there modules and tests are loaded anew in the fork, with the changed source.
"""

from __future__ import annotations

import ast
import builtins
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import os
import pickle
import pkgutil
import re
import resource
import signal
import sys
import time
import zlib
from collections import defaultdict
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType

import pytest

HERE = Path(__file__).resolve().parent
SPARE = 4096  # marks that are not used
MEMORY = 6 << 30
FAILED, ENDLESS, UNFIT = 1, 3, 4
TOO_LONG = 8.0  # seconds of a test that is left out
UNFIT_FOR_A_FORK = re.compile(r"perf_counter|process_time|monotonic\(|subprocess|python\(|start\w*\(\*|\brun_cli\b")
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


# ---- marks ------------------------------------------------------------------------------------------


def owners(tree):
    """For every node in a function the number of its mark: the statement, or the lambda, that it is in. And how many marks there are."""
    found, count = {}, 0

    def mark(node, number):
        stack = [(node, number)]
        while stack:
            at, number = stack.pop()
            found[id(at)] = number
            stack += [(child, inner(at, child, number)) for child in reversed(list(ast.iter_child_nodes(at)))]

    def inner(parent, child, number):
        nonlocal count
        in_function = isinstance(parent, FUNCTION) and child in parent.body
        if in_function or (isinstance(parent, ast.Lambda) and child is parent.body) or (number is not None and isinstance(child, ast.stmt)):
            count += 1
            return count - 1
        return number

    mark(tree, None)
    return found, count


class Marking(ast.NodeTransformer):
    """Puts the marks in."""

    def __init__(self, numbers, first):
        self.numbers = numbers
        self.first = first

    def said(self, node, call):
        number = ast.Constant(self.numbers[id(node)] + self.first)
        if call:
            return ast.Call(ast.Name("__mark__", ast.Load()), [number], [])
        return ast.Assign([ast.Subscript(ast.Name("__marks__", ast.Load()), number, ast.Store())], ast.Constant(1))

    def visit(self, node):
        before = [self.said(node, call=False)] if isinstance(node, ast.stmt) and self.numbers[id(node)] is not None else []
        said = self.said(node.body, call=True) if isinstance(node, ast.Lambda) else None
        documented = isinstance(node, FUNCTION) and ast.get_docstring(node) is not None
        self.generic_visit(node)
        if said is not None:
            node.body = ast.Subscript(ast.Tuple([said, node.body], ast.Load()), ast.Constant(1), ast.Load())
        if documented:
            node.body[:2] = node.body[1::-1]  # a docstring stays the first
        return [*before, node] if before else node


class Source:
    """A module that is mutated: its text, its marks, and the code that runs."""

    def __init__(self, path, name, text, first):
        self.path, self.name, self.text, self.first = path, name, text, first
        self.count = owners(ast.parse(text))[1]
        self.code = None

    def compiled(self):
        tree = ast.parse(self.text)
        marked = Marking(owners(tree)[0], self.first).visit(tree)
        self.code = compile(ast.fix_missing_locations(marked), str(self.path), "exec")
        return self.code


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads some modules from code that is given."""

    def __init__(self, codes):
        self.codes = codes

    def find_spec(self, name, path=None, target=None):
        if name not in self.codes:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        places = spec.submodule_search_locations
        return importlib.util.spec_from_file_location(name, spec.origin, loader=self, submodule_search_locations=places)

    def exec_module(self, module):
        exec(self.codes[module.__name__](), module.__dict__)  # noqa: S102 - our own code


# ---- tests in a child ----------------------------------------------------------------------------------


def ended(*_):
    os._exit(ENDLESS)


def quiet():
    """What a child that runs tests begins with."""
    os.setsid()
    handle = os.open(os.devnull, os.O_WRONLY)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, ended)


def waited(child, seconds=600):
    """The exit code of a child; one that sleeps forever is ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return ENDLESS


class Anew:
    """Tests on modules that are loaded anew: tells at which test it failed, and ends what takes far longer than before."""

    def __init__(self, finder, tell, times):
        self.finder, self.tell, self.times = finder, tell, times

    def pytest_configure(self, config):
        sys.meta_path.insert(0, self.finder)  # before the one of pytest, which looks at the modules of its plugins, too

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        signal.setitimer(signal.ITIMER_PROF, 10 * self.times.get(item.nodeid, 1) + 10)
        return (yield)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            os.write(self.tell, report.nodeid.encode())
            os._exit(FAILED)


class Tests:
    """All tests, collected, and what each of them runs."""

    def __init__(self, sources, work):
        self.sources, self.work = sources, work
        self.by_id, self.times, self.runs, self.hits = {}, {}, {}, {}
        self.loading = self.collecting = b""
        self.known_ways = {}
        self.functions = defaultdict(list)

    # a pytest plugin

    def pytest_configure(self, config):
        from hypothesis import Phase, settings

        settings.register_profile("mutants", database=None, phases=(Phase.explicit, Phase.generate))  # what has failed is not made smaller
        settings.load_profile("mutants")
        builtins.__marks__ = bytearray(sum(s.count for s in self.sources) + SPARE)
        builtins.__mark__ = lambda number: builtins.__marks__.__setitem__(number, 1)
        sys.meta_path.insert(0, Finder({s.name: s.compiled for s in self.sources}))
        import shapecalc

        for found in pkgutil.walk_packages(shapecalc.__path__, "shapecalc."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)
        self.loading = bytes(builtins.__marks__)

    def pytest_runtestloop(self, session):
        self.collecting = bytes(builtins.__marks__)
        self.by_id = {item.nodeid: item for item in session.items if not UNFIT_FOR_A_FORK.search(inspect.getsource(item.function))}
        values = {name: item.callspec.params.values() if hasattr(item, "callspec") else () for name, item in self.by_id.items()}
        self.words = {name: f"{name} {list(values[name])}" for name in self.by_id}
        ours = {str(s.path) for s in self.sources}
        for f in gc.get_objects():
            if isinstance(f, FunctionType) and f.__code__.co_filename in ours:
                self.functions[f.__code__].append(f)
        gc.freeze()
        self.work(self)
        return True

    # what runs what

    def record(self, path):
        """Runs the tests that the file does not know yet, in a child, and reads it."""
        known = pickle.loads(path.read_bytes()) if path.exists() else {}  # noqa: S301 - our own file
        wanted = {name: hash_of(item) for name, item in self.by_id.items()}
        lacking = [name for name in self.by_id if name not in known or known[name][0] != wanted[name]]
        children = []
        for part in range(2 if len(lacking) > 1 else 0):
            child = os.fork()
            if child == 0:
                quiet()
                found = self.recorded(lacking[part::2])
                path.with_suffix(f".{part}").write_bytes(pickle.dumps({name: (wanted[name], *row) for name, row in found.items()}))
                os._exit(0)
            children.append(child)
        for part, child in enumerate(children):
            waited(child, 1e5)
            known |= pickle.loads(path.with_suffix(f".{part}").read_bytes())  # noqa: S301
            path.with_suffix(f".{part}").unlink()
        path.write_bytes(pickle.dumps(known))
        self.times = {name: known[name][1] for name in self.by_id if name in known and known[name][2] and known[name][1] < TOO_LONG}
        self.hits = {name: known[name][3] for name in self.times}
        runs = defaultdict(list)
        for name in self.times:
            for number in self.hits[name]:
                runs[number].append(name)
        self.runs = runs
        return [name for name in self.by_id if name not in known or not known[name][2]]

    def recorded(self, names):
        """(seconds, whether it passed, the marks that it ran) of each test."""
        from _pytest.runner import runtestprotocol

        signal.signal(signal.SIGPROF, signal.default_int_handler)
        found, marks = {}, builtins.__marks__
        for name in names:
            marks[:] = bytes(len(marks))
            start = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, 2 * TOO_LONG)
            try:
                reports = runtestprotocol(self.by_id[name], log=False, nextitem=None)
            except BaseException:  # noqa: BLE001 - however it ends
                reports = []
                self.by_id[name].session._setupstate.teardown_exact(None)
            signal.setitimer(signal.ITIMER_PROF, 0)
            passed = bool(reports) and all(r.passed for r in reports)
            hits, at = [], marks.find(1)
            while at >= 0:
                hits.append(at)
                at = marks.find(1, at + 1)
            found[name] = (time.process_time() - start, passed, hits)
        return found

    def ways(self, source):
        """For every test the statements of a module that it runs: tests that run the same ones are alike to it."""
        if source not in self.known_ways:
            first, end = source.first, source.first + source.count
            self.known_ways[source] = {name: hash(tuple(n for n in hits if first <= n < end)) for name, hits in self.hits.items()}
        return self.known_ways[source]

    # mutants

    def failing(self, names, replaced, tell):
        """In a child: puts the code in its place and runs the tests until one fails."""
        from _pytest.runner import runtestprotocol

        quiet()
        for old, new in replaced:
            for f in self.functions[old]:
                f.__code__ = new
        for name in names:
            signal.setitimer(signal.ITIMER_PROF, 10 * self.times[name] + 10)
            if not all(r.passed or r.skipped for r in runtestprotocol(self.by_id[name], log=False, nextitem=None)):
                os.write(tell, name.encode())
                os._exit(FAILED)
        os._exit(0)

    def failing_anew(self, names, source, tree, tell):
        """In a child: forgets what was loaded of ours, and loads it from the changed source."""
        quiet()
        sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, Finder)]
        files = {item.module.__name__ for item in self.by_id.values()}
        beside = {p.stem for p in HERE.glob("*.py")}
        for name in list(sys.modules):
            if name.partition(".")[0] in {"shapecalc", "conftest"} | files | beside:
                del sys.modules[name]
        finder = Finder({source.name: lambda: compile(tree, str(source.path), "exec")})
        code = pytest.main([*OPTIONS, *names], plugins=[Anew(finder, tell, self.times)])
        os._exit(int(code != 0))

    def killer(self, run):
        """(exit code, the test that failed) of a child that is run."""
        read, tell = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                run(tell)
            except BaseException:  # noqa: BLE001 - a module that does not load has been noticed
                os._exit(FAILED)
        os.close(tell)
        code = waited(child)
        with os.fdopen(read, "rb") as pipe:
            return code, pipe.read().decode()


OPTIONS = ["-q", "-p", "no:cacheprovider", "-p", "no:shapecalc", "--timeout=0", "-p", "no:cov", "-p", "no:xdist", "--hypothesis-seed=0"]


def hash_of(item):
    """The text of the file of a test: a test of another text is another test."""
    return crc(item.path)


@cache
def crc(path):
    return zlib.crc32(path.read_bytes())


def pairs(old, new):
    """The code objects of a module, and what stands for each of them in another version of it."""
    found, stack = [], [(old, new)]
    while stack:
        a, b = stack.pop()
        found.append((a, b))
        inside = [[c for c in code.co_consts if isinstance(c, CodeType)] for code in (a, b)]
        if [c.co_qualname for c in inside[0]] == [c.co_qualname for c in inside[1]]:
            stack += zip(*inside, strict=True)
    return found

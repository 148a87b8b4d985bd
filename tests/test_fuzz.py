"""A bounded run of the fuzzer (the long one: `python -m tests.fuzz`), and inputs that are meant to hang a reader or to fill its memory."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest
from fuzz.targets import KINDS, attempt, judge, parse
from fuzz.texts import Writer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

INPUTS = int(os.environ.get("SHAPECALC_FUZZ", "250"))
bounded = settings(max_examples=INPUTS, deadline=None, suppress_health_check=list(HealthCheck))
few = settings(max_examples=max(3, INPUTS // 10), deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", KINDS)
@bounded
@given(st.randoms(use_true_random=False))
def test_every_reader_raises_only_errors_of_ours(kind, rng):
    text = Writer(rng).text(kind)
    assert not attempt(parse, kind, text), text


@pytest.mark.parametrize("kind", KINDS)
@few
@given(st.randoms(use_true_random=False))
def test_what_was_read_is_judged_without_an_accident(kind, rng):
    text = Writer(rng).text(kind)
    assert not attempt(judge, kind, text), text


@bounded
@given(st.sampled_from(KINDS), st.text(max_size=300))
def test_any_text_at_all(kind, text):
    assert not attempt(parse, kind, text), text


FOUND = (  # what the long runs have found
    ("sheet", "A: (n, m)\nL = sum(squeeze(sum(A, 1), 1)**2)"),
    ("sheet", "X: (n, d)\nL = sum(X**2)\ndX = 2*X\ndW \udc80 = X"),
    ("sheet", "P: (n, k)\nL = cross_entropy() + sum(P)"),
    ("sheet", "x: (n,); y = x / 0"),
    ("notebook", "{}"),
    ("latex", "% shapecalc: X: (S, D); W: (D, M); b: (M,)\n$$Z = X W + b \\\\ \\nabla_A \\mathrm{tr} AB = B^T$$"),
    ("sheet", "B: (); h = var(B, ddof=1)"),
    ("sheet", "X: (n, m); Z = 2*X\ndX = dZ\nX = X + dX\ndX = X"),
)


@pytest.mark.parametrize(("kind", "text"), FOUND)
def test_what_was_found_is_mended(kind, text):
    assert not attempt(parse, kind, text)
    assert not attempt(judge, kind, text)


# ---- in a process of its own, with 512 MB and two seconds -----------------------------------------------------

BOMBS = {
    "brackets": "'x: (n,); y = ' + '(' * 10_000 + 'x' + ')' * 10_000",
    "open brackets": "'x: (n,); y = ' + '(' * 10_000",
    "square brackets": "'x: (n,); y = ' + '[' * 10_000",
    "calls": "'x: (n,); y = ' + 'exp(' * 10_000 + 'x' + ')' * 10_000",
    "signs": "'x: (n,); y = ' + '-' * 100_000 + 'x'",
    "transposes": "'X: (n, m); Y = X' + '.T' * 100_000",
    "powers": "'x: (); y = ' + '**'.join(['x'] * 10_000)",
    "a tower": "'x: (n,); y = 10**10**10 * x'",
    "a taller tower": "'x: (n,); y = x**10**10**10**10'",
    "an exponent": "'x: (n,); y = x**(10**9)'",
    "a large exponent of a matrix": "'A: (n, n); B = matpow(A, 10**9)'",
    "a long number": "'x: (n,); y = ' + '9' * 1_000_000 + ' * x'",
    "a decimal exponent": "'x: (n,); y = 1e999999999 * x'",
    "a power of powers": "'x: (n,); y = ((((10**400)**400)**400)**400) * x'",
    "a product of numbers": "'x: (n,); y = x * ' + ' * '.join(['9' * 400] * 2000)",
    "a large size": "'X: (10**9, 10**9); L = sum(X)'",
    "a large fixed size": "'X: (1000000000, n); L = sum(X**2)'",
    "a size of many sizes": "'X: (' + '*'.join(['(n + 1)'] * 400) + ',); L = sum(X)'",
    "a rank": "'X: (' + 'n, ' * 10_000 + '); L = sum(X)'",
    "a long name": "'x' * 1_000_000 + ': (n,)'",
    "NUL": "'x: (n,)\\x00; y = x\\x00' * 1000",
    "bidi": "'x: (n,)\\u202e; y = x\\u2066' * 1000",
    "marks": "'x' + '\\u0301' * 1_000_000 + ': (n,)'",
    "surrogates": "'x: (n,); y = x' + '\\udc80' * 10_000",
    "10 MB of one line": "'x: (n,); y = ' + 'x + ' * 2_500_000 + 'x'",
    "10 MB of blanks": "'x: (n,)' + ' ' * 10_000_000",
    "10 MB of lines": "'\\n' * 10_000_000",
    "10 MB of comments": "'# x\\n' * 2_500_000",
    "more than 10 MB": "'x' * 11_000_000",
    "100,000 definitions": "'x0: (n,)\\n' + ''.join(f'x{k + 1} = x{k} + x0\\n' for k in range(100_000))",
    "100,000 declarations": "''.join(f'x{k}: (n,)\\n' for k in range(100_000)) + 'y = x0'",
    "100,000 claims": "'x: (n,); y = 2*x\\n' + 'dx = (2*dy\\n' * 100_000",
    "a chain of functions": "'def f0(x) = x\\n' + ''.join(f'def f{k + 1}(x) = f{k}(x) + f{k}(x)\\n' for k in range(60)) "
    "+ 'x: (n,); y = f60(x)'",
    "an einsum": "\"A: (n, n); B = einsum('\" + 'ij,' * 5000 + \"ij->ij', \" + 'A, ' * 5000 + 'A)'",
}
MEMORY, SECONDS = 512, 2.0
PROGRAM = """
import resource, sys, time
import shapecalc
from shapecalc.language.sheet import read
from shapecalc.errors import ShapecalcError
text = {text}
floor = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (floor + {memory} * 2**20, -1))
start = time.process_time()
try:
    read(text)
    said = "read"
except ShapecalcError as error:
    said = str(error)
print(round(time.process_time() - start, 2), len(said), ascii(said.splitlines()[-1][:100]))
"""


def bounded_run(program):
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is limited as Linux does it")
@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_read_or_refused_within_its_limits(what):
    done = bounded_run(PROGRAM.format(text=BOMBS[what], memory=MEMORY))
    assert done.returncode == 0, done.stderr[-800:]
    seconds, length, said = done.stdout.split(" ", 2)
    # processor time, doubled for a busy machine; large files may take as long as they are large
    allowed = 2 * SECONDS * (6 if what[:2] in {"10", "mo"} else 1)
    assert float(seconds) < allowed, said
    assert int(length) < 2000, said


DOUBLINGS = "A0: (n, n)\n" + "".join(f"A{k + 1} = A{k} @ A{k}\n" for k in range(100)) + "L = sum(A100)"


def test_a_chain_of_doublings_is_linear():
    done = bounded_run(f"""
        import time, shapecalc
        from shapecalc.calculus.gradients import backward
        from shapecalc.language.sheet import read
        start = time.process_time()
        p = backward(read({DOUBLINGS!r}))
        print(time.process_time() - start, sum(1 for n in p.order))
    """)
    assert done.returncode == 0, done.stderr[-800:]
    assert float(done.stdout.split()[0]) < SECONDS * 2


@pytest.mark.slow
def test_a_chain_of_doublings_is_judged_or_refused():
    assert not attempt(judge, "sheet", DOUBLINGS).startswith(("hang", "Recursion", "Memory"))

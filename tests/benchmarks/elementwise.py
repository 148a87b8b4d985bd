"""Element-wise gradients, dW and db of a loss of Z = XW + b: ours beside sympy's .diff, symengine's and a bare graph of scalars.

    python -m tests.benchmarks.elementwise [--quick]

Every function takes a loss ("upstream", "mse", "cross-entropy") and n = S = D = M, and derives every element. All run in turn in one
process, the least time of several rounds counts, and what is printed are ratios. Imports are not counted; sympy's cache is emptied
before each of its runs, since a command pays for a cold one.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from time import perf_counter
from typing import Any

from shapecalc.calculus.entries import Entries, entries
from shapecalc.language.problem import Problem
from shapecalc.language.sheet import read

LOSSES = ("upstream", "mse", "cross-entropy")
AFFINE = "X: (S, D); W: (D, M); b: (M,); Y: (S, M); Z = X @ W + b"
ENDS = {"upstream": "", "mse": "; L = sum((Z - Y)**2) / (2*S)", "cross-entropy": "; L = -sum(Y * log_softmax(Z)) / S"}
Method = Callable[[str, int], Any]


@cache
def problem(loss: str) -> Problem:
    """The affine layer with that loss, read once: the yardsticks read no text either."""
    return read(AFFINE + ENDS[loss])


def derived(loss: str, n: int) -> Entries:
    """Ours: every entry of every gradient derived, as nodes; nothing written out."""
    return entries(problem(loss), {"S": n, "D": n, "M": n}, ("W", "b"))


def written(loss: str, n: int) -> list[str]:
    """Ours: derived, and every summand of dW and db written as text."""
    e = derived(loss, n)
    return e.gradients["W"].formulas + e.gradients["b"].formulas


def as_sympy(loss: str, n: int) -> tuple[Any, Any]:
    """Ours: derived, and dW and db as sympy matrices (up to the shown sizes differentiated by sympy itself)."""
    e = derived(loss, n)
    return e.gradients["W"].formula_matrix, e.gradients["b"].formula_matrix


def _loss(library: Any, loss: str, n: int, symbol: Callable[[str], Any]) -> tuple[Any, list[Any]]:
    """The loss as one expression of a computer algebra system, and the symbols to differentiate by."""
    span = range(n)
    X, W, Y = ([[symbol(f"{name}_{i}_{j}") for j in span] for i in span] for name in "XWY")
    b = [symbol(f"b_{j}") for j in span]
    columns = list(zip(*W, strict=True))
    Z = [[library.Add(*[x * w for x, w in zip(row, columns[j], strict=True)], b[j]) for j in span] for row in X]
    pairs = [(z, y) for zs, ys in zip(Z, Y, strict=True) for z, y in zip(zs, ys, strict=True)]
    if loss == "upstream":
        L = library.Add(*[z * y for z, y in pairs])
    elif loss == "mse":
        L = library.Add(*[(z - y) ** 2 for z, y in pairs]) / (2 * n)
    else:
        total = [library.log(library.Add(*[library.exp(z) for z in zs])) for zs in Z]
        L = -library.Add(*[y * (z - t) for zs, ys, t in zip(Z, Y, total, strict=True) for z, y in zip(zs, ys, strict=True)]) / n
    return L, [w for row in W for w in row] + b


def sympy_diff(loss: str, n: int) -> list[Any]:
    """The whole loss differentiated by every symbol, as sympy's manual shows."""
    import sympy
    from sympy.core.cache import clear_cache

    clear_cache()
    L, symbols = _loss(sympy, loss, n, sympy.Symbol)
    return [L.diff(s) for s in symbols]


def symengine_diff(loss: str, n: int) -> list[Any]:
    """The same in symengine."""
    import symengine

    L, symbols = _loss(symengine, loss, n, symengine.Symbol)
    return [L.diff(s) for s in symbols]


class Scalars:
    """Hash-consed scalars, numbered in the order in which they are made; as lean as plain Python allows."""

    def __init__(self) -> None:
        self.known: dict[tuple[Any, ...], int] = {}
        self.nodes: list[tuple[Any, ...]] = []
        self.live: list[bool] = []

    def leaf(self, live: bool = False) -> int:
        """A symbol."""
        self.nodes.append(("leaf",))
        self.live.append(live)
        return len(self.nodes) - 1

    def node(self, *key: Any) -> int:
        """A sum (of a tuple), a product of two, or a function."""
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = len(self.nodes)
            self.nodes.append(key)
            live = self.live
            live.append(True in map(live.__getitem__, key[1]) if key[0] == "+" else live[key[1]] or (key[0] == "*" and live[key[2]]))
        return found

    def handed_on(self, k: int, g: int, one: int) -> list[tuple[int, int]]:
        """What a node hands on of what flows into it."""
        node, key, live = self.node, self.nodes[k], self.live
        kind, a = key[0], key[1]
        if kind == "+":
            return [(x, g) for x in a if live[x]]
        if kind == "*":
            pairs = ((a, key[2]), (key[2], a))
            return [(x, y if g == one else node("*", y, g)) for x, y in pairs if live[x]]
        if kind == "square":
            return [(a, node("*", node("scale", a, (2, 1)), g))]
        if kind == "minus":
            return [(a, node("minus", g))]
        if kind == "scale":
            return [(a, node("scale", g, key[2]))]
        return [(a, node("*", k if kind == "exp" else node("inverse", a), g))]


def scalar_graph(loss: str, n: int) -> list[int]:
    """The limit for an honest element-wise derivation: a reverse sweep over a bare graph of scalars, its few rules written by hand."""
    s, span = Scalars(), range(n)
    node = s.node
    X, Y = ([[s.leaf() for _ in span] for _ in span] for _ in "XY")
    W, b = [[s.leaf(True) for _ in span] for _ in span], [s.leaf(True) for _ in span]
    columns = list(zip(*W, strict=True))
    Z = [[node("+", (*[node("*", x, w) for x, w in zip(row, columns[j], strict=True)], b[j])) for j in span] for row in X]
    pairs = [(z, y) for zs, ys in zip(Z, Y, strict=True) for z, y in zip(zs, ys, strict=True)]
    if loss == "upstream":
        L = node("+", tuple([node("*", y, z) for z, y in pairs]))
    elif loss == "mse":
        L = node("scale", node("+", tuple([node("square", node("+", (z, node("minus", y)))) for z, y in pairs])), (1, 2 * n))
    else:
        total = [node("log", node("+", tuple([node("exp", z) for z in zs]))) for zs in Z]
        rows = zip(Z, Y, total, strict=True)
        addends = [node("*", y, node("+", (z, node("minus", t)))) for zs, ys, t in rows for z, y in zip(zs, ys, strict=True)]
        L = node("scale", node("+", tuple(addends)), (-1, n))
    one = s.leaf()
    arrived: list[list[int] | None] = [None] * one
    arrived[L] = [one]
    for k in range(L, -1, -1):
        found = arrived[k]
        if found is not None and s.nodes[k][0] != "leaf":
            for a, g in s.handed_on(k, found[0] if len(found) == 1 else node("+", tuple(found)), one):
                if (before := arrived[a]) is None:
                    arrived[a] = [g]
                else:
                    before.append(g)
    return [node("+", tuple(arrived[w] or ())) for row in [*W, b] for w in row]


METHODS: dict[str, Method] = {
    "derived": derived,
    "written": written,
    "as sympy": as_sympy,
    "scalar graph": scalar_graph,
    "symengine": symengine_diff,
    "sympy": sympy_diff,
}
LARGEST = {"sympy": 16, "symengine": 32, "as sympy": 16}  # n up to which a method is run
QUICK = {"sympy": 4, "symengine": 16, "as sympy": 8}


def installed(name: str) -> bool:
    """Whether a yardstick is there."""
    return name != "symengine" or importlib.util.find_spec("symengine") is not None


def times(loss: str, n: int, names: Sequence[str], rounds: int = 5, budget: float = 3.0) -> dict[str, float]:
    """The least time of each method in seconds, in turn, so that a slow spell of the machine hits all of them alike."""
    out = dict.fromkeys(names, math.inf)
    spent = dict.fromkeys(names, 0.0)
    for turn in range(rounds):
        for name in names:
            if turn < 2 or spent[name] < budget:
                start = perf_counter()
                METHODS[name](loss, n)
                spent[name] += (took := perf_counter() - start)
                out[name] = min(out[name], took)
            if turn == 0 and spent[name] > budget:
                spent[name] = math.inf
    return out


def peak(name: str, loss: str, n: int) -> float:
    """What Python objects take at most while a method runs, in MiB."""
    METHODS[name](loss, n)
    tracemalloc.start()
    METHODS[name](loss, n)
    out = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return out


def rows(quick: bool = False) -> Iterator[dict[str, Any]]:
    """One row for each loss and size: seconds of each method that was run, and memory of ours and of the scalar graph."""
    largest = QUICK if quick else LARGEST
    for loss in LOSSES:
        for n in (4, 8, 16) if quick else (4, 8, 16, 32):
            names = [m for m in METHODS if n <= largest.get(m, 64) and installed(m)]
            found = times(loss, n, names, 3 if quick else 7)
            memory = {m: peak(m, loss, n) for m in ("derived", "written", "scalar graph")}
            yield {"loss": loss, "n": n, "seconds": found, "peak_mib": memory}


def table(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The rows as a Markdown table of ratios: how many times the yardsticks take, with our growth at the end."""
    yield "| loss | n | derived | written | " + " | ".join(f"{a} / {b}" for a, b in RATIOS) + " | MiB: ours, graph |"
    yield "|---|" + "---:|" * (len(RATIOS) + 4)
    for row in found:
        s, m = row["seconds"], row["peak_mib"]
        cells = [row["loss"], row["n"], *(f"{s[name] * 1e3:.2f} ms" for name in ("derived", "written"))]
        cells += [f"{s[a] / s[b]:,.3g}x" if a in s and b in s else "" for a, b in RATIOS]
        yield f"| {' | '.join(map(str, cells))} | {m['derived']:.2f}, {m['scalar graph']:.2f} |"
    for loss in LOSSES:
        own = {row["n"]: row["seconds"] for row in found if row["loss"] == loss}
        low, high = 8, max(own)
        growth = (f"{m} {math.log(own[high][m] / own[low][m]) / math.log(high / low):.2f}" for m in ("derived", "written", "scalar graph"))
        yield f"\ngrowth of {loss} from n = {low} to {high}: n to the power {', '.join(growth)}"


RATIOS = (("scalar graph", "derived"), ("symengine", "derived"), ("sympy", "derived"), ("sympy", "as sympy"))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="small sizes, a few seconds")
    for line in table(list(rows(parser.parse_args().quick))):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()

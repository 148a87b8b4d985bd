"""Closed forms: all gradients of deep networks, by depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import shapecalc
from shapecalc.calculus.gradients import backward
from shapecalc.language.sheet import read
from shapecalc.notation import text

from .harness import MISSING, Cell, Job, Plan, Sample, Table, expected, exponent, in_turn, installed, ratio
from .problems import mlp, transformer
from .yardsticks import matrix_graph, pytensor_chain, tensorgrad_chain, torch_numbers

Maker = Callable[[int], Job]
GROWTH = {"tensorgrad": 3.1, "PyTensor": 1.5}
LARGEST = {"tensorgrad": 10, "PyTensor": 20, "torch, numbers": 1000}  # beyond it no answer is expected, or nothing is to be learned


def proved(source: str) -> list[tuple[str, str]]:
    """Ours from text to text, with certificate: every named gradient."""
    return shapecalc.derive(source).backward


def unproved(source: str) -> list[str]:
    """The same without the certificate: read, derived, recognised, written."""
    passed = backward(read(source))
    return [text(passed.formula(name)) for name in passed.order]




def _made(function: Callable[..., object], make: Callable[[int], object]) -> Maker:
    def job(n: int) -> Job:
        argument = make(n)
        return lambda: function(argument)

    return job


CHAIN: Mapping[str, tuple[str, Maker]] = {
    "ours": ("", _made(proved, mlp)),
    "ours, no certificate": ("", _made(unproved, mlp)),
    "ours, read only": ("", _made(read, mlp)),
    "bare matrix graph": ("", _made(matrix_graph, int)),
    "torch, numbers": ("torch", torch_numbers),
    "PyTensor": ("pytensor", _made(pytensor_chain, int)),
    "tensorgrad": ("tensorgrad", _made(tensorgrad_chain, int)),
}
BLOCKS: Mapping[str, tuple[str, Maker]] = {
    "ours": ("", _made(proved, transformer)),
    "ours, no certificate": ("", _made(unproved, transformer)),
    "ours, read only": ("", _made(read, transformer)),
}
Times = dict[str, dict[int, Cell]]


def run(plan: Plan) -> Iterator[Table]:
    """The network by layers, the transformer by blocks."""
    layers = sorted({*plan.layers, *({10} if plan.name != "tiny" else ())})
    chain = _measured(CHAIN, layers, plan)
    yield _network(chain, layers, plan)
    blocks = _measured(BLOCKS, plan.blocks, plan)
    yield _transformer(blocks, plan)


def _measured(methods: Mapping[str, tuple[str, Maker]], sizes: list[int] | tuple[int, ...], plan: Plan) -> Times:
    times: Times = {name: {} for name in methods}
    for n in sizes:
        jobs: dict[str, Job] = {}
        for name, (library, make) in methods.items():
            if library and not installed(library):
                times[name][n] = MISSING
            elif n > LARGEST.get(name, n):
                times[name][n] = "not run"
            elif (guess := expected(times[name], float, lambda _, name=name: GROWTH.get(name, 1.1), n)) > plan.limit:
                times[name][n] = f"not run (≈ {guess:,.0f} s)"
            else:
                jobs[name] = make(n)
        for name, sample in in_turn(jobs, plan).items():
            times[name][n] = sample
    return times


def _network(times: Times, layers: list[int], plan: Plan) -> Table:
    out = Table(
        "All gradients of an MLP (ReLU and biases in every layer, mean squared error), by layers",
        [
            *(("layers", "n"), *((name, "s") for name in CHAIN)),
            *(("tensorgrad / ours", "x"), ("PyTensor / ours", "x"), ("PyTensor / no certificate", "x"), ("ours / bare graph", "x")),
        ],
    )
    out.note(
        """
        *ours*: from the text to every named gradient as text, with certificate, after import, caches cold. *bare matrix
        graph*: plain Python, no text read, nothing recognised, simplified or proved. *torch*: one numeric forward and
        backward pass at sizes 2 and 3. *PyTensor*: `grad` and the rewrites of its graph, no text, no sizes. *tensorgrad*:
        `grad` and `full_simplify` for each parameter, as text. Wanted: 100 layers in 50 ms, 1,000 in 0.5 s, 10,000 in 8
        s, on a machine on which the bare graph takes 0.29 ms, 4.1 ms and 63 ms, so that ours is at most 174, 122 and 127
        times it; 500 times faster than tensorgrad at 10 layers, 20 times faster than PyTensor at 20 (which proves nothing).
        """
    )
    for n in layers:
        pairs = [("tensorgrad", "ours"), ("PyTensor", "ours"), ("PyTensor", "ours, no certificate"), ("ours", "bare matrix graph")]
        ratios = [ratio(times[a][n], times[b][n]) for a, b in pairs]
        out.add(n, *(times[name][n] for name in CHAIN), *ratios)
    long = [n for n in layers if n >= min(100, max(layers) / 2)]
    slopes = {name: exponent({n: times[name][n] for n in long}) for name in CHAIN}
    words = ", ".join(f"{name} {slope:.2f}" for name, slope in slopes.items() if slope is not None)
    out.notes.append(f"Time as a power of the number of layers, from {long[0]} on: {words}. Wanted: ours at most 1.15.")
    return out


def _transformer(times: Times, plan: Plan) -> Table:
    out = Table(
        "All gradients of a transformer (attention, layer norm, MLP, layer norm), by blocks",
        [("blocks", "n"), *((name, "s") for name in BLOCKS), ("ours, a block", "s")],
    )
    out.note(
        """
        Twelve parameters and thirteen definitions a block; an incoming gradient at the end. Wanted: 12 blocks in 3 s,
        linear.
        """
    )
    for n in plan.blocks:
        ours = times["ours"][n]
        out.add(n, *(times[name][n] for name in BLOCKS), ours.median / n if isinstance(ours, Sample) else None)
    slope = exponent({n: times["ours"][n] for n in plan.blocks if n > 1})
    if slope is not None:
        out.notes.append(f"Time as a power of the number of blocks: {slope:.2f}.")
    return out

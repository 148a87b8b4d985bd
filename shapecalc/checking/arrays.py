"""Claims that are no text: functions of arrays, judged numerically, and sympy matrices over the symbols of the entries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from math import isfinite, isnan, nan
from typing import Any

from ..calculus.entries import Entries
from ..derivation import Certificate, Verdict
from ..errors import InputProblem
from ..forms import apply
from ..language.problem import Claim
from ..notation import text
from ..rings import Real
from ..shapes import show
from ..tensor import Tensor
from ..verify.trials import REAL
from .bench import CLOSE, ZERO, Bench, ratio, turned
from .scales import Scales
from .truths import Truth, Truths

NUMERIC = "judged numerically: two functions that agree at these points may still differ elsewhere"
LARGEST = 6  # a size up to which the sizes of a sympy matrix are looked for
Values = tuple[Tensor, ...]


def judge_function(truths: Truths, name: str, function: Callable[..., Any]) -> Verdict:
    """A function of arrays named like the names of the problem: lambda X, dZ: X.T @ dZ. Raises InputProblem for other names."""
    import numpy as np

    truth = truths.of(whole_claim(truths, name))
    bench = Bench(truths.judge.trials)
    called = getattr(function, "__name__", "the function").replace("<lambda>", "the function")
    made = []
    for spot in bench.spots:
        known = {n: _array(np, t) for n, t in spot.env.items()} | dict(spot.frame)
        try:
            result = _real(np, function(**_arguments(function, known)))
        except (ValueError, TypeError) as error:
            return Verdict(f"d{name}", called, 1, "ill-shaped", "nonconformable", f"the function fails: {error}")
        made.append(Tensor(result.shape, result.reshape(-1).tolist()))
    sizes = tuple(dict(s.frame) for s in bench.spots)
    certificate = Certificate("real", len(bench.spots), sizes, gap=CLOSE, witnesses=("the derived formula, in floating point",))
    return _verdict(truths, truth, bench, tuple(made), called, certificate, NUMERIC)


def _array(numpy: Any, t: Tensor) -> Any:
    return numpy.array(t.data, dtype=float).reshape(t.shape)


def _real(numpy: Any, result: Any) -> Any:
    """What a function gives as an array of floats; a complex number is none, but for what rounding may have left of its imaginary part."""
    if result is None:
        raise TypeError("it gives nothing; return is missing")
    made = numpy.asarray(result)
    if numpy.iscomplexobj(made):
        real = numpy.abs(made.imag) <= CLOSE * numpy.max(numpy.abs(made), initial=0.0)
        made = numpy.where(real, made.real, nan)
    return made.astype(float)


def _arguments(function: Callable[..., Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What a function asks for by name."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return dict(known)
    wanted = [p.name for p in parameters if p.default is p.empty or p.name in known]
    missing = [n for n in wanted if n not in known]
    if missing:
        raise InputProblem(f"the function asks for {missing[0]}, which is no name of the problem", hint=f"there are {', '.join(known)}")
    return {n: known[n] for n in wanted}


def judge_matrix(truths: Truths, name: str, matrix: Any) -> Verdict:
    """A sympy Matrix, an expression of MatrixSymbols, or a scalar, over the symbols of d.entries(...); they and its shape tell sizes."""
    import sympy

    matrix = matrix if hasattr(matrix, "shape") else sympy.Matrix([[matrix]])
    truth = truths.of(whole_claim(truths, name))
    sizes = _sizes(truths, truth, matrix)
    view = Entries(truths.problem, sizes)
    points = []
    made = []
    for _ in range(2):
        trial = truths.judge.trials.draw(REAL, sizes=sizes)
        points.append(trial)
        made.append(view.tensor_from_sympy(matrix, trial.env, Real()).mapped(float))
    bench = Bench(truths.judge.trials, points=points)
    certificate = Certificate("real", 2, (dict(sizes),), gap=CLOSE, witnesses=("the derived formula",))
    return _verdict(
        truths,
        truth,
        bench,
        tuple(made),
        str(matrix),
        certificate,
        f"judged at the sizes {', '.join(f'{k}={v}' for k, v in sizes.items())}",
    )


def _sizes(truths: Truths, truth: Truth, matrix: Any) -> dict[str, int]:
    """The smallest sizes with the matrix's shape at which all of its symbols exist."""
    from itertools import product

    names = truths.problem.sizes
    free = {str(s) for s in getattr(matrix, "free_symbols", set())}
    shape = tuple(int(n) for n in matrix.shape)
    drawn = truth.formula.shape
    own = shape if len(drawn) == len(shape) else _vector(shape)
    fixed = {d: n for d, n in zip(reversed(drawn), reversed(own), strict=False) if isinstance(d, str) and d in names}
    rest = [n for n in names if n not in fixed]
    for numbers in sorted(product(range(1, LARGEST + 1), repeat=len(rest)), key=lambda c: (sum(c), c)):
        sizes = fixed | dict(zip(rest, numbers, strict=True))
        if _has_all(truths, {n: sizes[n] for n in names}, free):
            return {n: sizes[n] for n in names}
    raise InputProblem("these are not the symbols of the entries of this problem", hint="take them from d.entries({...})")


def _vector(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A column or a row of sympy's as a vector."""
    kept = tuple(n for n in shape if n != 1)
    return kept if len(kept) == 1 else shape


def _has_all(truths: Truths, sizes: dict[str, int], free: set[str]) -> bool:
    blocks = list(Entries(truths.problem, sizes))
    return free <= {s for b in blocks for s in b.symbols} | {b.name for b in blocks}


def _verdict(truths: Truths, truth: Truth, bench: Bench, made: Values, called: str, certificate: Certificate, how: str) -> Verdict:
    """Equal, or how the values relate to the right ones."""
    target = bench.values(truth.formula)
    if target is None:
        said = "the derivative has no value in floating point where it was tried"
        return Verdict(truth.left, called, 1, "undecided", None, said, None, given=called, expected=text(truth.formula))
    given, wanted = made[0].shape, target[0].shape
    right = text(truth.formula)
    fits = _bare(given, called, wanted) == _bare(wanted, called, wanted)
    ks = ratio(made, target)
    finite = all(isfinite(x) for t in made for x in t.data)
    agrees = ks is not None and all(isnan(k) or abs(k - 1) < CLOSE for k in ks)
    if fits and finite and (agrees or all(abs(x) < ZERO for t in (*made, *target) for x in t.data)):
        return Verdict(truth.left, called, 1, "right", None, how, None, certificate, given=called, expected=right)
    slip, words = _relation(truths, truth, bench, made, target, fits) if finite else (None, "an entry of it is no finite real number")
    shape = f"shape {given} at the sizes {', '.join(f'{k}={v}' for k, v in bench.spots[0].frame.items())}"
    message = f"yours: {called} has the {shape}\nright: {truth.left} = {right} is {show(truth.formula.shape)}\nslip: {words} ({how})"
    return Verdict(truth.left, called, 1, "wrong", slip, message, f"{truth.left} = {right}", None, given=called, expected=right)


def _bare(shape: tuple[int, ...], called: str, like: tuple[int, ...]) -> tuple[int, ...]:
    kept = shape
    while kept and kept[0] == 1:
        kept = kept[1:]
    # sympy has no vectors: a column stands for one
    return kept[:1] if called.startswith("Matrix") and len(like) == 1 and kept[1:] == (1,) else kept


def _relation(truths: Truths, truth: Truth, bench: Bench, made: Values, target: Values, fits: bool) -> tuple[str | None, str]:
    """The slip, as far as values alone show one."""
    back = turned(made)
    if back is not None and ratio(back, target) is not None and back[0].shape == target[0].shape and made[0].shape != target[0].shape:
        return "wrong-layout", "it is the transpose"
    if fits:
        ks = ratio(made, target)
        scale = next(Scales(truths.problem, bench, [truth.formula]).find(ks), None) if ks is not None else None
        if scale is None:
            return None, "the values differ"
        slug = "sign" if scale.sign < 0 else "factor-2" if scale.number != 1 else "extra-scale" if scale.exponent < 0 else "missing-scale"
        return slug, f"it is {scale.written} times the answer"
    for axis in range(len(truth.formula.shape)):
        summed = bench.values(apply("sum", truth.formula, axis=axis))
        if summed is not None and ratio(made, summed) is not None:
            return "over-reduced", f"summed over {truth.formula.shape[axis]}, which should stay"
    return None, "the shape is another"


def whole_claim(truths: Truths, name: str) -> Claim:
    """A claim about a gradient without a text."""
    return Claim("gradient", f"d{name}", f"d{name}", 1, (0, 0), (), name)

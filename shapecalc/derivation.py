"""What comes of a derivation, as plain data: steps, gradients, certificates, verdicts. Formulas are nodes; nothing here computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .expr import Expr
from .shapes import Shape


@dataclass(frozen=True, slots=True)
class Reduction:
    """A gradient that is a sum over axes.

    ``over``: the sizes summed away; ``axis``: of the incoming tensor (None where several); ``keepdims``; ``ones``: the same sum
    as a product with ones; ``words``: what is added to what; ``of``: what is summed, as text.
    """

    over: tuple[str, ...]
    axis: int | None
    keepdims: bool
    ones: str
    words: str
    of: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a formula was checked by.

    ``method``: "exact" (modulo a prime, with a bound) or "real" (high-precision reals, with the largest gap seen).
    ``points``: how many random points; ``sizes``: the tuples of sizes; ``bits``: the probability that a wrong formula passed is at
    most 2**-bits at those sizes (exact only); ``gap``: the largest relative difference (real only); ``conditions``: what must
    hold (A is invertible); ``assumptions``: declared properties that were used; ``witnesses``: the computations that agreed.
    """

    method: str
    points: int
    sizes: tuple[Mapping[str, int], ...]
    bits: int | None = None
    gap: float | None = None
    conditions: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One or two sentences."""
        if not self.points:
            return "there was nothing to check"
        where = "; ".join(", ".join(f"{k}={v}" for k, v in s.items()) for s in self.sizes)
        if self.method == "exact":
            sure = f"probability of a wrong yes below 2^-{self.bits} at these sizes"
            how = f"exact arithmetic modulo a random prime above 2^61 at {self.points} random points; {sure}"
        else:
            how = f"60-digit arithmetic at {self.points} random points; largest relative gap {self.gap:.0e}"
        text = (
            f"checked against {' and '.join(self.witnesses)}: {how} ({where})"
            if where
            else f"checked against {' and '.join(self.witnesses)}: {how}"
        )
        if self.conditions:
            text += f"; provided that {', '.join(self.conditions)}"
        if self.assumptions:
            text += f"; used: {'; '.join(self.assumptions)}"
        return text


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a derivation.

    ``kind``: "forward", "index", "entry", "matrix", "simplify"; ``left``: what the line is about, as text; ``formula``: a node, or
    text of an index formula; ``shape``; ``reason``: why it follows, in words; ``source``: where the rule is from.
    """

    kind: str
    left: str
    formula: Expr | str
    shape: Shape
    reason: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class GradientRecord:
    """The derivative with respect to one name, in the chosen layout; ``shape`` and ``formula`` are as drawn in that layout."""

    name: str
    symbol: str
    formula: Expr
    expanded: Expr
    shape: Shape
    layout: str
    steps: tuple[Step, ...] = ()
    reduction: Reduction | None = None
    certificate: Certificate | None = None
    recognised: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found about one claim.

    ``verdict``: right, wrong, ill-shaped, unreadable or undecided. ``slip``: a slug of design.md section 7 (None where right).
    ``message``: what was written means, what is right, what differs. ``suggestion``: the change that mends it, as text.
    ``span`` is where in the source the claim stands; ``mend_span`` what of it has to change. ``carried``: the earlier line whose
    slip this claim takes over, or makes up for. Where the claim stands in a file: ``where`` is file:line:column, ``column`` counts
    from 1, ``cell`` is that of a notebook (``line`` is then the line of the cell, and ``file_line`` that of the file).
    """

    name: str
    text: str
    line: int
    verdict: str
    slip: str | None = None
    message: str = ""
    suggestion: str | None = None
    certificate: Certificate | None = None
    span: tuple[int, int] | None = None
    mend_span: tuple[int, int] | None = None
    given: str | None = None
    expected: str | None = None
    shape: Shape | None = None
    carried: int | None = None
    column: int | None = None
    cell: int | None = None
    file_line: int | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The verdicts of one source, in order.

    ``sheet``: the text in the language that was judged, where the source is another. ``problems``: why the source cannot be used, each
    with its place. ``foreign``: the file is of some other kind, nobody's derivation. ``stopped``: the problems are why it was not judged to
    the end, time being up for one; nothing is said against the source.
    """

    claims: tuple[Verdict, ...] = ()
    source: str = ""
    name: str | None = None
    problems: tuple[str, ...] = field(default_factory=tuple)
    sheet: str = ""
    foreign: bool = False
    stopped: bool = False

    @property
    def first_wrong(self) -> Verdict | None:
        """The first claim that is not right; None where all are."""
        return next((c for c in self.claims if c.verdict != "right"), None)

    @property
    def ok(self) -> bool:
        """Whether every claim is right."""
        return not self.problems and all(c.verdict == "right" for c in self.claims)


@dataclass(frozen=True, slots=True)
class Program:
    """A derivation as code is written from it.

    ``inputs``: the declared names in order, then the incoming gradients; ``forward``: the definitions in order; ``backward``: the
    symbol of each gradient with its formula, in the order of the pass; ``outputs``: for each name that is differentiated by, what is
    handed back and whether it is transposed first (the numerator layout of a matrix). ``incoming``: each incoming gradient with the
    definition that it belongs to. ``function``: "gradients", "jacobian" or "hessian"; the latter two have one output, a single
    array, and ``of``, ``layout`` and ``vec`` say how its axes are arranged. ``docs``: the formulas as text. ``wrt2``: the second
    variable of a mixed Hessian.
    """

    inputs: tuple[tuple[str, Shape], ...]
    forward: tuple[tuple[str, Expr], ...]
    backward: tuple[tuple[str, Expr], ...]
    outputs: tuple[tuple[str, Expr, bool], ...]
    loss: str | None = None
    incoming: tuple[tuple[str, str], ...] = ()
    function: str = "gradients"
    of: str | None = None
    layout: str = "denominator"
    vec: bool = False
    docs: tuple[str, ...] = ()
    wrt2: str | None = None

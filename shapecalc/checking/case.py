"""One wrong claim on the bench: what was written, what is right, and the tools to try changes with."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property

from ..errors import Span
from ..expr import Expr, nodes
from ..language.problem import Problem
from ..language.tree import Node, children, walk
from ..notation import text
from ..shapes import Shape, strip
from ..verify.borders import TRIED, gaps_of
from ..verify.judge import Judge
from .bench import Bench, Values, same
from .reader import Reader
from .scales import Scales, scales
from .spelling import spelled
from .trees import Site, sites
from .truths import Truth
from .vocabulary import Vocabulary, vocabulary

LINE = 60  # parts of a formula of one line
MOST = 120_000  # parts of formulas that are built and evaluated for one diagnosis: less than a second


@dataclass(frozen=True, slots=True)
class Mend:
    """A change to the claim that would make it right: the slip that it undoes, the claim as it would be, and where it changes.

    ``words``: the slip in words. ``note``: the key of a sentence that dissolves a well-known confusion.
    """

    slug: str
    tree: Node
    words: str
    span: Span
    note: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What explains a wrong claim. ``tree``: the claim mended, where it was found so; ``also``, ``second``: a second slip, its slug."""

    slug: str
    words: str
    tree: Node | None = None
    span: Span | None = None
    note: str = ""
    also: str = ""
    second: str = ""


class Enough(Exception):
    """So much has been tried that nobody would wait for more."""


@dataclass(slots=True)
class Effort:
    """How much may still be tried, counted in parts of formulas, so that the same claim always gets the same answer."""

    left: int = MOST

    def spend(self, parts: int) -> None:
        """Counts one trial; raises Enough where it is one too many."""
        self.left -= parts
        if self.left < 0:
            raise Enough


class Case:
    """A claim and its truth. ``claim`` is None where what was written has no shape."""

    def __init__(self, reader: Reader, tree: Node, claim: Expr | None, truth: Truth, judge: Judge, bench: Bench) -> None:
        self.reader = reader
        self.tree = tree
        self.claim = claim
        self.truth = truth
        self.judge = judge
        self.bench = bench
        self.target: Values = bench.values(truth.formula) or ()
        self.values: Values | None = None if claim is None else bench.values(claim)
        self.effort = Effort()
        self._said: dict[int, tuple[Node, str]] = {}
        self.size = sum(1 for _ in walk(tree))
        # parts that have not changed are not built again: a trial costs what stands around the change
        self.cost = min(self.size, LINE + 4 * max(len(children(part)) for part, _ in walk(tree)))

    def with_tree(self, tree: Node) -> Case:
        """The same question with another formula written."""
        other = copy(self)
        other.tree = tree
        other.claim = self.reader.tried(tree)
        other.values = None if other.claim is None else self.bench.values(other.claim)
        other.__dict__.pop("sites", None)
        return other

    @property
    def problem(self) -> Problem:
        """What the claim is about."""
        return self.reader.problem

    @property
    def shape(self) -> Shape:
        """The shape that is right."""
        return self.truth.formula.shape

    @property
    def fits(self) -> bool:
        """Whether the claim has the right shape."""
        return self.claim is not None and self.bare(self.claim.shape) == self.bare(self.shape)

    @cached_property
    def indistinct(self) -> bool:
        """Whether the claim is the truth as far as floating point can tell: then only what the judge confirms says anything."""
        return self.values is not None and self.fits and bool(self.target) and same(self.values, self.target)

    def bare(self, shape: Shape) -> Shape:
        """A shape without the axes that do not count."""
        return tuple(d for d in shape if d != 1) if self.truth.squeeze else strip(shape)

    @cached_property
    def scales(self) -> Scales:
        """The numbers that it may be off by."""
        return scales(self.problem, self.bench, self.truth.all_forms, self.claim)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The formulas that a person may have left out or put in."""
        return vocabulary(self.reader, self.bench, self.truth.all_forms)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The places in what was written."""
        return tuple(sites(self.tree))

    def said(self, node: Node) -> str:
        """A part of the claim as text."""
        found = self._said.get(id(node))
        if found is None:
            found = self._said[id(node)] = node, spelled(node, self.problem.source)
        return found[1]

    def suits(self, tree: Node) -> bool:
        """Whether a formula as it is written has the right shape."""
        e = self.reader.tried(tree)
        return e is not None and self.bare(e.shape) == self.bare(self.shape)

    def meets(self, e: Expr | None) -> bool:
        """Whether a formula has the right values, as far as the bench can tell."""
        return e is not None and self.bare(e.shape) == self.bare(self.shape) and self.bench.meets(e, self.target, e.shape)

    def explains(self, e: Expr | None) -> bool:
        """Whether a formula has the values of what was claimed."""
        if e is None or self.claim is None or self.values is None or self.bare(e.shape) != self.bare(self.claim.shape):
            return False
        return self.bench.meets(e, self.values, e.shape)

    def confirmed(self, e: Expr) -> bool:
        """Whether the judge, too, finds a formula right, and not by a comparison of its own that never turns: exp(dL) < 1e-6."""
        found = self.judge.compare(e, self.truth.formula, squeeze=self.truth.squeeze)
        return found.verdict == "equal" and all(c.startswith(self.compared) for c in found.conditions if c.endswith(TRIED))

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The differences whose signs decide something in what was claimed."""
        return tuple({f"{text(g)} " for n in nodes(self.claim) for g in gaps_of(n)}) if self.claim is not None else ()

    def equal(self, a: Expr, b: Expr) -> bool:
        """Whether the judge finds two formulas equal."""
        return self.judge.compare(a, b, squeeze=True).verdict == "equal"

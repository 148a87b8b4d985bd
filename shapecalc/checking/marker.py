"""A derivation marked line by line, as a fair teacher does: each line by itself, and given what stands before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..derivation import Verdict
from ..errors import InputProblem, NotDifferentiable, NotKnownYet, ShapecalcError, ShapeProblem, TooLarge
from ..expr import Expr, Var, variables
from ..forms import add, is_zero
from ..language.nearest import nearest
from ..language.problem import Claim, Problem
from ..language.tree import Name, Node, walk
from ..verify.question import Disproved
from ..verify.undecided import Undecided
from .bench import Bench
from .case import Case
from .diagnosis import diagnose
from .reader import Reader
from .truths import Truth, Truths, stacked_shape
from .wording import explained, plain, shape_error

KEPT = 50_000  # formulas that a reader remembers


class Marker:
    """Marks the claims of one problem in order, and keeps what the user has given names to."""

    def __init__(self, truths: Truths) -> None:
        self.truths = truths
        self.problem: Problem = truths.problem
        self.defined: dict[str, Expr] = {}  # abbreviations, with true gradients in them
        self.own: dict[str, Expr] = {}  # what names stand for as the user has defined them, where that is not the truth
        self.lines: dict[str, int] = {}  # in which line that was
        self.claimed: set[str] = set()  # by what a line before has differentiated
        self._reader: Reader | None = None
        self._benches: dict[bool, Bench] = {}

    def bench(self, *formulas: Expr | None) -> Bench:
        """The points for the diagnosis: of large numbers at any sizes in their place, where these formulas have a meaning there."""
        judge = self.truths.judge
        trials, general = judge.trying
        if general is not None and not all(e is None or general.holds(e) for e in formulas):
            trials, general = judge.trials, None
        key = general is None
        if key not in self._benches:
            self._benches[key] = Bench(trials, general)
        return self._benches[key]

    @property
    def reader(self) -> Reader:
        """Reads formulas in which gradients are the true ones."""
        if self._reader is None or self._reader.kept > KEPT:
            self._reader = Reader(self.problem, {**self.truths.names, **self.defined})
        return self._reader

    def mark(self, claim: Claim) -> Iterator[Verdict]:
        """The verdicts on one line, one for each link of a chain."""
        try:
            if claim.kind == "abbreviation":
                yield from self._abbreviation(claim)
            elif claim.kind == "equality":
                yield from self._equality(claim)
            else:
                yield from self._derivative(claim)
        except (Undecided, NotKnownYet, NotDifferentiable, InputProblem, TooLarge, Disproved) as error:
            yield plain(claim, "undecided", error.message)

    def _abbreviation(self, claim: Claim) -> Iterator[Verdict]:
        first = claim.values[0]
        try:
            value = self.reader.build(first)
        except ShapecalcError as error:
            yield shape_error(claim, error)
            return
        if claim.operator == "+=" and claim.name in self.defined:
            value = add(self.defined[claim.name], value)
        user = self._as_defined(first)
        self.defined[claim.name] = value
        if user is not None:
            blamed = self._blamed(first)  # before the name has its own value: X = X.T @ dU
            self.own[claim.name] = user
            self.lines.setdefault(claim.name, blamed)
        self._reader = None
        for link in claim.values[1:]:
            yield self._judged(claim, link, Truth(claim.name, value, kind="equality"), self._link(claim, first, link))

    def _equality(self, claim: Claim) -> Iterator[Verdict]:
        left = claim.values[0]
        try:
            truth = Truth(self._said(left), self.reader.build(left), kind="equality")
        except ShapecalcError as error:
            yield shape_error(claim, error)
            return
        for link in claim.values[1:]:
            yield self._judged(claim, link, truth, claim.text)

    def _derivative(self, claim: Claim) -> Iterator[Verdict]:
        if claim.kind == "gradient" and self.truths.given(claim.wrt):
            yield from self._given(claim)
            return
        truth = self.truths.of(claim)
        right_before: bool | None = None
        for k, value in enumerate(claim.values):
            text = claim.text if len(claim.values) == 1 else self._link(claim, claim.values[k - 1] if k else None, value)
            verdict = self._judged(claim, value, self._shaped(claim, value, truth), text)
            if k and right_before is False and verdict.verdict != "right":
                verdict = self._follows(claim, claim.values[k - 1], value, text) or verdict
            if verdict.verdict == "right" and (empty := self._says_nothing(claim, value, truth)):
                verdict = plain(claim, "undecided", empty, text)
            right_before = verdict.verdict == "right"
            yield verdict
        self._remember(claim, truth, right_before)
        self.claimed.add(claim.wrt)

    def _says_nothing(self, claim: Claim, value: Node, truth: Truth) -> str:
        """Why a claim would be right whatever it says: by itself, dW = dW, or since everything in it is 0."""
        if claim.kind != "gradient":
            return ""
        names = self.truths.names
        if claim.wrt not in self.claimed:
            own, e = names.get(self.problem.gradient_name(claim.wrt)), self.reader.tried(value)
            if isinstance(own, Var) and e is not None and own.name in variables(e):
                return f"{claim.name} is on both sides, and no line before says what it is"
        if is_zero(truth.formula):
            used = {part.id for part, _ in walk(value) if isinstance(part, Name)}
            if any(is_zero(names[n]) for n in used & names.keys()):
                return f"{self.problem.last} does not depend on {claim.wrt}: both sides are 0, whatever stands beside the gradients"
        return ""

    def _given(self, claim: Claim) -> Iterator[Verdict]:
        """A claim about what comes in from outside: taken as the user's definition of it."""
        name = self.problem.upstream.get(claim.wrt) or self.problem.gradient_name(claim.wrt)
        words = f"{name} comes from outside here: no loss is defined from which it would follow, so it is taken as it is"
        yield plain(claim, "undecided", words)

    def _link(self, claim: Claim, left: Node | None, right: Node) -> str:
        """One link of a chain as text."""
        return f"{claim.name if left is None else self._said(left)} = {self._said(right)}"

    def _said(self, node: Node) -> str:
        return self.problem.source[node.span[0] : node.span[1]]

    def _shaped(self, claim: Claim, value: Node, truth: Truth) -> Truth:
        """Of a Jacobian or a Hessian the form with stacked columns, where the claim has its shape."""
        if claim.kind == "gradient":
            return truth
        shape = self.reader.shape(value)
        if (
            shape is not None
            and len(shape) == 2
            and len(truth.formula.shape) > 2
            and shape in (wanted := stacked_shape(self.problem, claim), wanted[::-1])
        ):
            return self.truths.stacked(claim) or truth
        return truth

    def unused(self, claims: Sequence[Claim]) -> Iterator[Verdict]:
        """A word on abbreviations that no later line uses: perhaps they were meant as claims."""
        if not self.defined:
            return
        used = {part.id for c in claims for v in c.values for part, _ in walk(v) if isinstance(part, Name)}
        for claim in claims:
            idle = claim.kind == "abbreviation" and claim.name not in used and len(claim.values) == 1 and claim.name in self.defined
            if idle and (claim.name.startswith("d") or self._is_late(self.defined[claim.name])):
                yield plain(claim, "undecided", self._nothing_known(claim.name))

    def _is_late(self, e: Expr) -> bool:
        """Whether a formula has a gradient in it."""
        return bool({*variables(e)} - {*self.problem.declared, *self.problem.definitions})

    def _nothing_known(self, name: str) -> str:
        """Why a name is no gradient, and which one may be meant."""
        known = self.problem.variables()
        meant = nearest(name.removeprefix("d").removeprefix("_"), known)
        words = (
            f"{name} is taken for an abbreviation: nothing is called {name[1:]} here"
            if name.startswith("d")
            else f"{name} is an abbreviation"
        )
        return words + (f"; did you mean d{meant}?" if meant else "")

    # ---- what stands before

    def _as_defined(self, value: Node) -> Expr | None:
        """The value with everything as the user has defined it; None where that is the same."""
        if not self.own or self.own.keys().isdisjoint(part.id for part, _ in walk(value) if isinstance(part, Name)):
            return None
        return Reader(self.problem, {**self.truths.names, **self.defined, **self.own}).tried(value)

    def _blamed(self, value: Node) -> int:
        """The line from which something wrong is carried forward."""
        used = [part.id for part, _ in walk(value) if isinstance(part, Name) and part.id in self.own]
        return min(self.lines[n] for n in used)

    def _remember(self, claim: Claim, truth: Truth, right: bool | None) -> None:
        """What the name of a gradient stands for from here on, where the user's value is not the true one."""
        if claim.kind != "gradient" or claim.operator == "+=" or (right and not self.own):
            return
        value = claim.values[-1]
        user = self._as_defined(value)
        e = self.reader.tried(value) if user is None else user
        names = [
            n for n, s in self.truths.names.items() if n[-len(claim.wrt) :] == claim.wrt and s == self.truths.names.get(f"d{claim.wrt}")
        ]
        if e is None or (right and user is None):
            for n in names:
                self.own.pop(n, None)
            return
        if user is not None and right:
            same = self.truths.judge.compare(user, truth.formula).verdict == "equal"
            if same:
                return
        for n in names:
            self.own[n] = e
            self.lines[n] = self._blamed(value) if right and user is not None else claim.line

    def _follows(self, claim: Claim, left: Node, right: Node, text: str) -> Verdict | None:
        """A link of a chain that follows from the side before it, which is wrong already."""
        a, b = self.reader.tried(left), self.reader.tried(right)
        if a is None or b is None or self.truths.judge.compare(b, a).verdict != "equal":
            return None
        return plain(claim, "right", "it follows from the side before it; nothing new is wrong here", text)

    # ---- judging

    def _judged(self, claim: Claim, value: Node, truth: Truth, text: str) -> Verdict:
        """One formula against what it should be."""
        error: ShapecalcError | None = None
        e: Expr | None = None
        try:
            e = self.reader.build(value)
        except ShapeProblem as problem:
            error = problem
        except NotKnownYet as problem:
            return plain(claim, "undecided", problem.message, text)
        except ShapecalcError as problem:
            return shape_error(claim, problem, text)
        judge = self.truths.judge
        user = self._as_defined(value)
        if e is not None:
            compared = judge.compare(e, truth.formula, squeeze=truth.squeeze)
            if compared.verdict == "equal":
                carried = self._carried(value, user, truth)
                where = f"right where it has a value: {'; '.join(compared.narrow)}" if compared.narrow else ""
                made = plain(claim, "right", carried or where, text, compared.certificate)
                return replace(made, carried=self._blamed(value)) if carried else made
            if compared.verdict == "undecided" and not compared.void:
                return plain(claim, "undecided", compared.reason, text)
        if user is not None and judge.compare(user, truth.formula, squeeze=truth.squeeze).verdict == "equal":
            note = f"right, because it makes up for line {self._blamed(value)}: given that line, this is the derivative"
            return replace(plain(claim, "right", note, text), carried=self._blamed(value))
        bench = self.bench(truth.formula, e, user)
        case = Case(self.reader, value, e, truth, judge, bench)
        found = diagnose(case)
        if user is not None and (found is None or found.also):
            # with the lines before it as they were written, it may have one thing wrong only
            given = Case(Reader(self.problem, {**self.truths.names, **self.defined, **self.own}), value, user, truth, judge, bench)
            single = diagnose(given)
            if single is not None and not single.also:
                words = f"{single.words}, given the lines before it as they are"
                return explained(claim, text, given, replace(single, words=words), error)
        return explained(claim, text, case, found, error)

    def _carried(self, value: Node, user: Expr | None, truth: Truth) -> str:
        if user is None or self.truths.judge.compare(user, truth.formula, squeeze=truth.squeeze).verdict == "equal":
            return ""
        return f"consistent with line {self._blamed(value)}; nothing new is wrong here"

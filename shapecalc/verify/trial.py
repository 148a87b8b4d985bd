"""One point, at which a whole problem has been evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property
from random import Random

from shapecalc.calculus.texts import meaning
from shapecalc.evaluate import Frame, evaluate
from shapecalc.expr import Expr
from shapecalc.rings import Field, Modular, Shaken, Unknown, Unlucky, Veiled
from shapecalc.tensor import Tensor

from .points import PLAIN, Sampler
from .tape import Cells, Values
from .undecided import Undecided
from .witness import Program, Witness

KEPT = 20_000  # values remembered from claim to claim
MISFORTUNE = (Unlucky, ArithmeticError)  # a pole, a kink, outside a domain; a decimal that overflows is an ArithmeticError
ONE = Decimal(1)


class Dim(Unlucky):
    """What rounding leaves of a difference hides a derivative."""


class Trial:
    """One point: sizes, and the values of every name; of the gradients too, once `add_gradients` has run.

    In exact arithmetic the program runs modulo p², as the witness wants it, and all else is found modulo p from what that leaves.
    """

    def __init__(self, program: Program, ring: Field, frame: Frame, declared: Values, given: Values, random: Random) -> None:
        self.ring = ring
        self.frame = frame
        self.program = program
        self.witness = Witness(program, ring, frame, declared, given)
        self.declared = declared
        self.given = given
        self.memo: dict[Expr, Tensor] = {}
        self.cells = self._cells()
        self.random = random
        self.sampler = Sampler(ring, frame, random)
        self.equal = False
        self.linked = False
        """Whether gradients were too small for a quotient of the whole program, and were checked definition by definition."""
        self.unseen: set[str] = set()
        """Names by which the derivative is too small for that, too."""
        self.last = False
        """Whether no other way of drawing is left, so that what is not seen is put down rather than drawn again."""
        self.style = PLAIN

    def _cells(self) -> Cells:
        """What the run of the program left."""
        if not isinstance(self.ring, Modular):
            return self.witness.base(self.ring)
        base, p = self.witness.base(self.ring.raised(2)), self.ring.prime
        cells = self.program.tape.cells({**self.declared, **self.given})
        for place in self.program.shared:
            cells[place] = [x % p for x in base[place]]
        for line in self.program.forward:
            cells[line.own] = cells[line.body]
        return cells

    @cached_property
    def env(self) -> dict[str, Tensor]:
        """The values of all names, of the gradients too."""
        tape, cells, shape = self.program.tape, self.cells, self.frame.shape
        out = {**self.declared, **self.given}
        for name, _, body, own in tape.lines:
            if cells[body] is not None:
                out[name] = Tensor(shape(tape.shapes[own]), cells[body])
        return out

    def add_gradients(self) -> None:
        """The values of the derived gradients, in the order of the backward pass."""
        self.program.tape.run(self.ring, self.frame, self.cells, self.program.gradients)
        self.__dict__.pop("env", None)

    @cached_property
    def veiled(self) -> Trial | None:
        """The same point where comparisons are unknown numbers; None where something has no value then."""
        try:
            made = Trial(self.program, Veiled(self.random), self.frame, self.declared, self.given, self.random)
            made.add_gradients()
        except (*MISFORTUNE, Undecided):
            return None
        return made

    @cached_property
    def shaken(self) -> tuple[Trial, ...]:
        """The same point twice where every operation errs, which tells a number from what rounding left."""
        made = tuple(Trial(self.program, Shaken(self.random), self.frame, self.declared, self.given, self.random) for _ in range(2))
        for trial in made:
            trial.add_gradients()
        return made

    def derived(self, e: Expr) -> Tensor:
        """The value of a formula of the backward pass, which is there already; of any other it is found."""
        place = self.program.tape.numbers.get(e)
        if place is None or self.cells[place] is None:
            return self.value(e)
        return Tensor(self.frame.shape(e.shape), self.cells[place])

    def value(self, e: Expr, extra: Mapping[str, Expr] | None = None) -> Tensor:
        """The value of a formula; `extra` are names that it may use besides, each a formula in the names before it."""
        try:
            if not extra:
                if (known := self.memo.get(e)) is not None:
                    return known
                if len(self.memo) > KEPT:
                    self.memo.clear()
                return evaluate(self.ring, e, self.env, self.frame, meaning, self.memo or self._remembered())
            env = dict(self.env)
            for name, formula in extra.items():
                # a name may be given a new value, so nothing remembered under the old one is used
                env[name] = evaluate(self.ring, formula, env, self.frame, meaning)
            return evaluate(self.ring, e, env, self.frame, meaning)
        except KeyError as error:
            raise Undecided(f"{error.args[0]} has no value here") from None

    def _remembered(self) -> dict[Expr, Tensor]:
        """The parts of the program and of its gradients, for whatever is asked next."""
        cells, shape = self.cells, self.frame.shape
        parts = self.program.tape.parts if len(self.program.tape.parts) <= KEPT // 2 else []
        self.memo.update({e: Tensor(shape(e.shape), cells[place]) for place, e, _ in parts if cells[place] is not None})
        return self.memo

    def direction(self, shape: tuple[int, ...], structure: frozenset[str] = frozenset()) -> Tensor:
        """A random direction."""
        return self.sampler.direction(shape, structure)

    def missed(self, names: Iterable[str]) -> None:
        """Takes note that the derivatives by some names are too small to be seen here; Dim where another way of drawing may do better."""
        if not self.last:
            raise Dim("a derivative is too small to be seen")
        self.unseen.update(names)

    def level(self, of: str | None = None) -> Decimal:
        """How large the numbers are whose differences a real quotient takes: at least 1."""
        return max(map(abs, self.witness.still(self.ring, of)), default=ONE).max(ONE)

    @property
    def masked(self) -> bool:
        """Whether a comparison was met, or exp or log, so that an exact disagreement is no disproof."""
        return isinstance(self.ring, Unknown) and bool(self.ring.masks or len(self.ring.table))

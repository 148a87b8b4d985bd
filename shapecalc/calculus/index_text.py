"""How one definition hands its gradient to one name, in index form, with letters: what the index view of a page is made of.

`body` is z_ij = Σ_k x_ik w_kj + b_j, `local` is ∂z_ij/∂w_lm = x_il δ_jm, and `handed` is Σ_i x_il g_im, the deltas swallowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from ..errors import ShapecalcError
from ..expr import Apply, Var, variables
from ..forms import apply
from ..indexed import Factor, Index, Places, Term, fresh, indices, renamed
from ..shapes import names
from .context import Context
from .gradients import Backward
from .lowering import terms_of
from .reverse import Reverse
from .simplify import simplified

OUT, OWN, INNER = "ijkpqrs", "lmnuvwt", "kprstuvahc"


@dataclass(frozen=True, slots=True)
class IndexLink:
    """One definition and one name in it, in index form.

    ``out`` and ``own`` are the indices of the definition and of the name. ``local`` is None where the rule book has the pull-back
    alone. ``letters`` names every index, the same in all three.
    """

    of: str
    by: str
    out: Places
    own: Places
    body: tuple[Term, ...]
    local: tuple[Term, ...] | None
    handed: tuple[Term, ...]
    letters: dict[Index, str]

    @property
    def gone(self) -> tuple[tuple[Index, Index], ...]:
        """The indices of the definition that a delta ties to one of the name, each with that one."""
        if self.local is None or len(self.local) != 1:
            return ()
        out, own = list(indices(self.out)), list(indices(self.own))
        found = [tuple(indices(f.places)) for f in self.local[0].factors if is_delta(f)]
        ties = [(a, b) if a in out else (b, a) for a, b in (pair for pair in found if len(pair) == 2)]
        return tuple((a, b) for a, b in ties if a in out and b in own)

    @property
    def summed(self) -> tuple[Index, ...]:
        """The indices of the definition over which a sum is left."""
        tied = {a for a, _ in self.gone}
        return tuple(i for i in indices(self.out) if i not in tied)


def is_delta(f: Factor) -> bool:
    """Whether a factor is δ_ij."""
    return isinstance(f.base, Apply) and f.base.name == "eye"


def users(backward: Backward) -> dict[str, list[str]]:
    """For each name, the definitions in which it stands and which the loss depends on."""
    out: dict[str, list[str]] = {}
    for name, e in backward.problem.definitions.items():
        if name in backward.flows:
            for used in variables(e):
                out.setdefault(used, []).append(name)
    return out


def link(backward: Backward, of: str, by: str) -> IndexLink:
    """What `of` hands back to `by`, in index form; raises NotKnownYet where not even the pull-back is known."""
    problem, body = backward.problem, backward.problem.definitions[of]
    context = Context(problem.definitions, backward.context.hidden)
    result = Var(of, body.shape) if of != problem.loss else None
    out, own = fresh(body.shape), fresh(problem.variable(by).shape)
    incoming = [Term(Fraction(1), ())] if result is None else [Term(Fraction(1), (Factor(backward.flows[of].symbol, out),))]
    handed = _pulled(context, backward, (of, by), out, own, incoming)
    local = None
    if out and result is not None:
        inner = fresh(body.shape)
        deltas = tuple(
            Factor(apply("eye", n=p.dim), (p, q)) for p, q in zip(out, inner, strict=True) if isinstance(p, Index) and isinstance(q, Index)
        )
        try:
            local = _pulled(context, backward, (of, by), inner, own, [Term(Fraction(1), deltas)], out)
        except ShapecalcError:
            local = None
    written = tuple(terms_of(body, out))
    if local is not None:
        local = tuple(t._replace(factors=tuple(sorted(t.factors, key=is_delta))) for t in local)
    symbol = backward.flows[of].symbol
    letters = lettered(taken(backward), symbol, (out, own), (written, local or (), handed))
    return IndexLink(of, by, out, own, written, local, handed, letters)


def _pulled(
    context: Context, backward: Backward, ends: tuple[str, str], at: Places, own: Places, terms: list[Term], seed: Places = ()
) -> tuple[Term, ...]:
    """The terms pulled back through one definition to one name in it; everything else in it is constant."""
    of, by = ends
    body = backward.problem.definitions[of]
    found: list[Term] = []

    def sink(_: Var, places: Places, arrived: list[Term], __: object = ()) -> None:
        moves = {p: q for p, q in zip(places, own, strict=True) if isinstance(p, Index)}
        found.extend(renamed(t, moves) for t in arrived)

    result = Var(of, body.shape) if of != backward.problem.loss else None
    Reverse(context, frozenset({by}), sink, result).run(body, at, terms)
    return tuple(simplified(found, (*indices(seed), *indices(own)), context))


def taken(backward: Backward) -> frozenset[str]:
    """Letters that mean something in the problem already: an index is called otherwise."""
    variables = backward.problem.variables().values()
    sizes = {n for v in variables for d in v.shape for n in names(d)}
    return frozenset(v.name.lower() if v.shape else v.name for v in variables) | sizes


def lettered(avoid: frozenset[str], symbol: Var, ends: tuple[Places, Places], lines: Iterable[Iterable[Term]]) -> dict[Index, str]:
    """A letter for every index: i, j for the definition, l, m for the name, k, p ... for what is summed inside.

    A summed index of one line is called like that of another if it runs along the same axis of the same tensor; one along an axis
    of the incoming gradient (``symbol``) like that axis of the definition.
    """
    named: dict[Index, str] = {}
    out, own = (list(indices(places)) for places in ends)
    pools = ((out, OUT), (own, OWN[1:] if len(own) == 1 else OWN))
    for wanted, pool in pools:
        for index in wanted:
            named.setdefault(index, _first(pool, avoid, named.values()))
    spots: dict[tuple[object, int], str] = {(symbol, k): named[p] for k, p in enumerate(ends[0]) if isinstance(p, Index)}
    for line in lines:
        for term in line:
            _letter_term(term, named, spots, (avoid, INNER if out else OUT + INNER))
    return named


def _letter_term(term: Term, named: dict[Index, str], spots: dict[tuple[object, int], str], choice: tuple[frozenset[str], str]) -> None:
    """Letters for the summed indices of one term, none of which may stand in it already."""
    here = [(i, (f.base, axis)) for f in term.factors for axis, p in enumerate(f.places) for i in indices((p,))]
    used = {named[i] for i, _ in here if i in named}
    avoid, pool = choice
    for index, spot in here:
        if index in named:
            continue
        known = spots.get(spot)
        letter = known if known is not None and known not in used else _first(pool, avoid, used)
        named[index] = letter
        used.add(letter)
    for index, spot in here:
        spots.setdefault(spot, named[index])


def _first(pool: str, avoid: frozenset[str], used: Iterable[str]) -> str:
    """The first letter of a pool that is free."""
    gone = set(used) | avoid
    return next(x for x in _endless(pool) if x not in gone)


def _endless(pool: str) -> Iterator[str]:
    yield from pool
    yield from (x for x in "ijklmnopqrstuvabcdefh" if x not in pool)
    k = 1
    while True:
        yield f"i{k}"
        k += 1

"""How the whole claim relates to the truth: its transpose, a multiple, a sum of it, something else's gradient."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

from ..expr import Expr, Lit, Var
from ..forms import apply, transposed
from ..shapes import Shape, is_scalar, show
from .bench import ratio, same, turned
from .case import Case, Found
from .mend_operands import depends
from .mend_terms import scale_slug, scaled, slug_of
from .scales import Scale
from .trees import toggled

ORIENTED = {"denominator": "numerator", "numerator": "denominator"}


def orientation(case: Case) -> Found | None:
    """The exact transpose of the answer: the other layout's."""
    e = case.claim
    if e is None or case.values is None or len(e.shape) != 2 or len(case.shape) > 2:
        return None
    back = turned(case.values)
    target = case.truth.formula
    if len(target.shape) < 2 and case.truth.kind == "gradient":
        return None  # a vector has one shape in both layouts: a column is of another rank
    if back is None or e.shape[::-1] != _as_matrix(target.shape) or not same(back, case.target):
        return None
    if not case.equal(transposed(e), target) and len(target.shape) == 2:
        return None
    if case.truth.kind == "equality":
        return Found("transposed", "it is the transpose", toggled(case.tree), case.tree.span)
    words = f"it is the transpose: right in {ORIENTED[case.truth.layout]} layout, and this is {case.truth.layout} layout"
    return Found("wrong-layout", words, toggled(case.tree), case.tree.span, "layout")


def _as_matrix(shape: Shape) -> Shape:
    return shape if len(shape) == 2 else (1, *shape)


def rank(case: Case) -> Found | None:
    """The right entries with another number of axes: (M,) for (M, 1); the diagonal of the matrix that is right."""
    e = case.claim
    if e is None or case.values is None or case.fits:
        return None
    if tuple(d for d in e.shape if d != 1) == tuple(d for d in case.shape if d != 1) and same(case.values, case.target):
        from .mend_sums import kept_axes

        words = f"the entries are right, but {show(e.shape)} is not {show(case.shape)}"
        tree = next((m.tree for m in kept_axes(case) if case.meets(case.reader.tried(m.tree))), None)
        return Found("rank", words, tree, case.tree.span, "rank")
    if len(e.shape) == 1 and case.shape == (e.shape[0], e.shape[0]):
        diagonal = apply("diagonal", case.truth.formula)
        values = case.bench.values(diagonal)
        if values is not None and same(values, case.values):
            return Found(
                "rank",
                f"a vector with the diagonal of the matrix that is right: {show(e.shape)} is not {show(case.shape)}",
                None,
                case.tree.span,
                "outer",
            )
    return None


def multiple(case: Case) -> Iterator[Found]:
    """A number times the answer."""
    if case.values is None or not case.fits or case.claim is None:
        return
    ks = ratio(case.values, case.target)
    if ks is None:
        return
    for scale in case.scales.find(ks):
        if scale.kind == "composite" and is_scalar(case.shape):
            continue  # any number is some formula times another
        wanted = scale.inverse
        if case.equal(wanted.applied(case.claim), case.truth.formula):
            yield by_scale(case, wanted)
            return


def by_scale(case: Case, wanted: Scale) -> Found:
    """The claim should be multiplied by this."""
    slug = slug_of(case, wanted, case.tree)
    tree = scaled(case, case.tree, wanted)
    if wanted.atom is not None and _of_loss(case, wanted):
        return Found(
            "wrong-function",
            "the derivative of another function of the loss: its square, its logarithm or its exponential",
            tree,
            case.tree.span,
        )
    own, rest = _parted(slug, wanted)
    also = "" if rest is None else scale_words(case, scale_slug(case, rest, case.tree) if rest.atom is not None else "factor-2", rest)
    return Found(slug, scale_words(case, slug, own), tree, case.tree.span, note_of(case, slug, wanted), also)


def _of_loss(case: Case, wanted: Scale) -> bool:
    """Whether a factor of 2·L is too many, so that L**2 was differentiated."""
    loss = case.problem.loss
    if loss is None or wanted.exponent != -1 or wanted.number.denominator != 2 or wanted.atom is None:
        return False
    value = case.bench.values(Var(loss, case.problem.definitions[loss].shape))
    atom = case.bench.values(wanted.atom)
    return value is not None and atom is not None and same(value, atom)


def scale_words(case: Case, slug: str, wanted: Scale) -> str:
    """Too much or too little, in words."""
    if slug == "sign" and wanted.parts == 1:
        return "the sign is the wrong way round"
    if slug == "extra-scale" or (slug == "factor-2" and wanted.number < 1 and wanted.atom is None):
        return f"a factor {wanted.inverse.written} too many"
    return f"a factor {wanted.written} is missing"


def note_of(case: Case, slug: str, wanted: Scale) -> str:
    """Which confusion it is."""
    if slug == "extra-scale" and wanted.kind == "size" and wanted.exponent == 1:
        return "twice"
    if slug == "missing-scale" and wanted.kind == "size" and wanted.written.startswith("1/"):
        return "later"
    return "sign" if slug == "sign" else ""


def _parted(slug: str, wanted: Scale) -> tuple[Scale, Scale | None]:
    """What a slip of this name accounts for, and what else is wrong: -2/S is a sign, and 2/S besides."""
    if wanted.parts < 2 or slug == "missing-factor":
        return wanted, None
    one = Fraction(1)
    if slug == "sign":
        return Scale(-1, one), Scale(1, wanted.number, wanted.atom, wanted.exponent, wanted.kind)
    number, atom = Scale(1, wanted.number), Scale(1, one, wanted.atom, wanted.exponent, wanted.kind)
    if wanted.sign < 0 or not number.parts or not atom.parts:
        return wanted, None
    return (number, atom) if slug == "factor-2" else (atom, number)


def unsummed(case: Case) -> Found | None:
    """The claim summed over some of its axes is right: one number for each sample."""
    e = case.claim
    if e is None or case.values is None or case.fits or not e.shape:
        return None
    axes = [k for k, d in enumerate(e.shape) if d != 1]
    for count in range(1, len(axes) + 1):
        for gone in combinations(axes, count):
            left = tuple(d for k, d in enumerate(e.shape) if k not in gone and d != 1)
            if left != tuple(d for d in case.shape if d != 1):
                continue
            summed = apply("sum", e, axis=gone if len(gone) > 1 else gone[0])
            values = case.bench.values(summed)
            ks = ratio(values, case.target) if values is not None else None
            if ks is not None:
                return _summing(case, gone, ks)
    return None


def _summing(case: Case, gone: tuple[int, ...], ks: tuple[float, ...]) -> Found | None:
    from .mend_sums import reduced

    assert case.claim is not None
    scale = next(case.scales.find(ks), None)
    if scale is None:
        return None
    over = ", ".join(str(case.claim.shape[k]) for k in gone)
    shapes = [reduced(case.tree, gone[0] if len(gone) == 1 else None, keep) for keep in (False, True)]
    tree = next((t for t in shapes if case.meets(case.reader.tried(t))), None)
    also = "" if scale.parts == 0 else scale_words(case, slug_of(case, scale.inverse, case.tree), scale.inverse)
    words = f"it still has one entry for each {over}: it has to be summed over {over}"
    return Found("not-reduced", words, tree, case.tree.span, "summed", also)


def oversummed(case: Case) -> Found | None:
    """The truth summed over some of its axes, or its trace, is what was claimed."""
    e = case.claim
    if e is None or case.values is None or case.fits:
        return None
    target = case.truth.formula
    axes = [k for k, d in enumerate(target.shape) if d != 1]
    made: list[tuple[Expr, str]] = []
    for count in range(1, len(axes) + 1):
        for gone in combinations(axes, count):
            left = tuple(d for k, d in enumerate(target.shape) if k not in gone and d != 1)
            if left == tuple(d for d in e.shape if d != 1):
                over = ", ".join(str(target.shape[k]) for k in gone)
                made.append((apply("sum", target, axis=gone if len(gone) > 1 else gone[0]), f"summed over {over}, which should stay"))
    if is_scalar(e.shape) and len(target.shape) == 2 and target.shape[0] == target.shape[1]:
        made.append((apply("tr", target), "a number, the trace of the matrix that is right"))
    for formula, words in made:
        values = case.bench.values(formula)
        ks = ratio(case.values, values) if values is not None else None
        scale = next(case.scales.find(ks), None) if ks is not None else None
        if scale is not None:
            also = "" if scale.parts == 0 else scale_words(case, slug_of(case, scale.inverse, case.tree), scale.inverse)
            return Found("over-reduced", words, None, case.tree.span, "all", also)
    return None


def by_structure(case: Case) -> Found | None:
    """The partials by free entries where the distinct ones are asked for, or the other way round."""
    if case.values is None:
        return None
    for slug, what, formula in case.truth.rivals():
        if slug in ("missing-term", "extra-term") and case.explains(formula):
            return Found(slug, _rival_words(case, slug, what), None, case.tree.span, what)
    return None


def rival(case: Case) -> Found | None:
    """The gradient of something else; a sign or a number may be off as well."""
    e = case.claim
    if e is None or case.values is None or isinstance(e, Lit):
        return None
    for slug, what, formula in case.truth.rivals():
        if slug == "wrong-variable" and depends(case, what, case.truth.wrt):
            continue  # a step of the same chain: something is missing, and what that is will be found
        if case.bare(formula.shape) != case.bare(e.shape):
            continue
        values = case.bench.values(formula)
        ks = ratio(case.values, values) if values is not None else None
        plain = next((s for s in case.scales.find(ks) if s.atom is None), None) if ks is not None else None
        if plain is None or (plain.parts and slug != "wrong-function"):
            continue
        return Found(slug, _rival_words(case, slug, what), None, case.tree.span, what if " " in what else "")
    return None


def _rival_words(case: Case, slug: str, what: str) -> str:
    if slug == "wrong-variable":
        return f"this is the derivative by {what}"
    return {
        "the square of the loss": "this is the derivative of the square of the loss",
        "the first derivative": "this is the first derivative, the gradient",
        "free entries": "the entries were taken to be free; off the diagonal each stands in two places",
        "distinct entries": "this is the derivative by the distinct entries of a symmetric matrix; here the entries are free",
        "double diagonal": "entries on the diagonal stand in one place only, so they count once",
    }[what]

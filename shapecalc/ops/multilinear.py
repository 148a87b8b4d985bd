"""Operations that are linear in each argument: the whole rule is the index signature, read backwards for the derivative."""

from __future__ import annotations

from shapecalc.errors import Misfit
from shapecalc.op import Axes, Axis, Op, Parameters, Signature
from shapecalc.shapes import Dim, Shape, broadcast, multiply, show, total

from .constants import LETTERS, bound, letters


def _pointwise_shape(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    shape = broadcast(*shapes)
    if shape is None:
        raise Misfit(" and ".join(show(s) for s in shapes) + " do not broadcast")
    return shape


def aligned(shapes: tuple[Shape, ...]) -> tuple[tuple[Axes, ...], Axes, Shape]:
    """Letters for arguments that broadcast against each other, for the result, and the result's shape."""
    shape = _pointwise_shape(shapes, {})
    out = letters(shape)
    return (
        tuple(tuple(None if dim == 1 else letter for dim, letter in zip(s, out[len(out) - len(s) :], strict=True)) for s in shapes),
        out,
        shape,
    )


def _product(shapes: tuple[Shape, ...], _: Parameters) -> Signature:
    inputs, out, shape = aligned(shapes)
    return Signature(inputs, out, sizes=bound(out, shape))


def _quotient(shapes: tuple[Shape, ...], _: Parameters) -> Signature:
    inputs, out, shape = aligned(shapes)
    return Signature(inputs, out, (1, -1), sizes=bound(out, shape))


def _negative(shapes: tuple[Shape, ...], _: Parameters) -> Signature:
    axes = letters(shapes[0])
    return Signature((axes,), axes, sign=-1, sizes=bound(axes, shapes[0]))


def _matmul_shape(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    a, b = shapes
    if not a or not b:
        raise Misfit("@ does not take a scalar", "*")
    inner_a, inner_b = a[-1], b[0] if len(b) == 1 else b[-2]
    if inner_a != inner_b:
        raise Misfit(f"{inner_a} against {inner_b}")
    batch = broadcast(a[:-2], b[:-2])
    if batch is None:
        raise Misfit(f"the leading axes {show(a[:-2])} and {show(b[:-2])} do not broadcast")
    return (*batch, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))


def _matmul(shapes: tuple[Shape, ...], params: Parameters) -> Signature:
    a, b = shapes
    out = _matmul_shape(shapes, params)
    rows, columns = len(a) > 1, len(b) > 1
    batch = out[: len(out) - rows - columns]
    lead = letters(batch)
    names = iter(LETTERS[len(batch) :])
    row, inner, column = (next(names) for _ in range(3))
    axis: Axis = None if a[-1] == 1 else inner
    axis_row: Axis = None if rows and a[-2] == 1 else row
    axis_column: Axis = None if columns and b[-1] == 1 else column

    def stretched(shape: Shape) -> Axes:
        own = shape[:-2]
        return tuple(None if d == 1 else x for d, x in zip(own, lead[len(lead) - len(own) :], strict=True))

    first = (*stretched(a), *((axis_row,) if rows else ()), axis)
    second = (*stretched(b), axis, *((axis_column,) if columns else ()))
    result = (*lead, *((axis_row,) if rows else ()), *((axis_column,) if columns else ()))
    sizes = bound(lead, batch) | {axis: d for axis, d in ((axis, a[-1]), (axis_row, a[-2] if rows else 1), (axis_column, b[-1])) if axis}
    return Signature((first, second), result, sizes={k: v for k, v in sizes.items() if isinstance(k, str)})


def _flat(shape: Shape) -> Axes:
    """The letters of a tensor run together into one axis (None if it is a scalar)."""
    names = tuple(x for x in letters(shape) if isinstance(x, str))
    return (names[0] if len(names) == 1 else names or None,)


def _outer_shape(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    return (total(shapes[0]), total(shapes[1]))


def _outer(shapes: tuple[Shape, ...], _: Parameters) -> Signature:
    a, b = shapes
    first, second = letters(a), letters(b, len(a))
    renamed = tuple(x for x in second if isinstance(x, str))
    column: Axis = renamed[0] if len(renamed) == 1 else renamed or None
    return Signature((first, second), (*_flat(a), column), sizes=bound(first, a) | bound(second, b))


def _inner_shape(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    if shapes[0] != shapes[1]:
        raise Misfit(f"{show(shapes[0])} against {show(shapes[1])}")
    return ()


def _inner(shapes: tuple[Shape, ...], _: Parameters) -> Signature:
    axes = letters(shapes[0])
    return Signature((axes, axes), (), sizes=bound(axes, shapes[0]))


def _square_only(shape: Shape, what: str) -> Dim:
    if len(shape) != 2 or shape[0] != shape[1]:
        raise Misfit(f"{what} needs a square matrix, not {show(shape)}")
    return shape[0]


def _trace_shape(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    _square_only(shapes[0], "tr")
    return ()


def _trace(shapes: tuple[Shape, ...], _: Parameters) -> Signature:
    n = shapes[0][0]
    return Signature(((None, None),), ()) if n == 1 else Signature((("i", "i"),), (), sizes={"i": n})


def _diag_shape(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    (a,) = shapes
    if sum(d != 1 for d in a) > 1 or not a:
        raise Misfit(f"diag makes a matrix of a vector, not of {show(a)}", "diagonal takes the diagonal out of a matrix")
    n = total(a)
    return (n, n)


def _diag(shapes: tuple[Shape, ...], _: Parameters) -> Signature:
    axes = tuple(None if d == 1 else "i" for d in shapes[0])
    return Signature((axes,), ("i", "i") if "i" in axes else (None, None), sizes={"i": total(shapes[0])} if "i" in axes else {})


def _diagonal_shape(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    return (_square_only(shapes[0], "diagonal"),)


def _diagonal(shapes: tuple[Shape, ...], _: Parameters) -> Signature:
    n = shapes[0][0]
    return Signature(((None, None),), (None,)) if n == 1 else Signature((("i", "i"),), ("i",), sizes={"i": n})


def _einsum_parts(shapes: tuple[Shape, ...], params: Parameters) -> tuple[list[str], str, dict[str, Dim]]:
    spec = params["spec"].replace(" ", "")
    left, arrow, out = spec.partition("->")
    inputs = left.split(",")
    if not arrow:
        out = "".join(sorted(x for x in set(left) - {","} if left.count(x) == 1))
    if len(inputs) != len(shapes):
        raise Misfit(f"'{spec}' is for {len(inputs)} arguments, but {len(shapes)} are given")
    sizes: dict[str, Dim] = {}
    for word, shape in zip(inputs, shapes, strict=True):
        if not word.isalpha() and word:
            raise Misfit(f"'{word}' is not a row of index letters")
        if len(word) != len(shape):
            raise Misfit(f"'{word}' names {len(word)} axes, but the argument is {show(shape)}")
        for letter, dim in zip(word, shape, strict=True):
            if sizes.setdefault(letter, dim) != dim:
                raise Misfit(f"the index {letter} is {sizes[letter]} and {dim}")
    for letter in out:
        if letter not in sizes:
            raise Misfit(f"the result's index {letter} is in no argument")
    if len(set(out)) != len(out):
        raise Misfit("an index appears twice in the result")
    return inputs, out, sizes


def _einsum_shape(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    _, out, sizes = _einsum_parts(shapes, params)
    return tuple(sizes[x] for x in out)


def _einsum(shapes: tuple[Shape, ...], params: Parameters) -> Signature:
    inputs, out, sizes = _einsum_parts(shapes, params)
    axes = tuple(tuple(None if sizes[x] == 1 else x for x in word) for word in inputs)
    return Signature(axes, tuple(None if sizes[x] == 1 else x for x in out), sizes={k: v for k, v in sizes.items() if v != 1})


def _padded(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + shape


def _kron_shape(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    if not all(1 <= len(s) <= 2 for s in shapes):
        raise Misfit(f"kron takes two matrices or vectors, not {show(shapes[0])} and {show(shapes[1])}")
    a, b = (_padded(s, max(map(len, shapes))) for s in shapes)
    return tuple(multiply(n, m) for n, m in zip(a, b, strict=True))


def _together(*axes: Axis) -> Axis:
    kept = tuple(x for axis in axes if axis is not None for x in ((axis,) if isinstance(axis, str) else axis))
    return kept[0] if len(kept) == 1 else kept or None


def _kron(shapes: tuple[Shape, ...], _: Parameters) -> Signature:
    a, b = letters(shapes[0]), letters(shapes[1], 2)
    rank = max(len(a), len(b))
    out = tuple(_together(x, y) for x, y in zip((None,) * (rank - len(a)) + a, (None,) * (rank - len(b)) + b, strict=True))
    return Signature((a, b), out, sizes=bound(a, shapes[0]) | bound(b, shapes[1]))


OPS = (
    Op(
        "mul",
        "multilinear",
        ("a", "b"),
        _pointwise_shape,
        signature=_product,
        aliases=("multiply",),
        doc="the entrywise (Hadamard) product a * b, broadcast as NumPy does",
        source="Magnus & Neudecker (2019), ch. 3",
    ),
    Op(
        "div",
        "multilinear",
        ("a", "b"),
        _pointwise_shape,
        signature=_quotient,
        aliases=("divide", "true_divide"),
        domain="{b} != 0",
        doc="the entrywise quotient a / b",
    ),
    Op("neg", "multilinear", ("a",), lambda s, p: s[0], signature=_negative, aliases=("negative",), doc="-a"),
    Op(
        "matmul",
        "multilinear",
        ("a", "b"),
        _matmul_shape,
        signature=_matmul,
        aliases=("mm", "bmm", "mv"),
        doc="the matrix product a @ b, over leading axes one by one",
        source="Petersen & Pedersen, The Matrix Cookbook (2012), sec. 2.4",
    ),
    Op("outer", "multilinear", ("a", "b"), _outer_shape, signature=_outer, doc="a_i b_j"),
    Op("inner", "multilinear", ("a", "b"), _inner_shape, signature=_inner, aliases=("vdot",), doc="the sum of a_i b_i"),
    Op(
        "tr",
        "multilinear",
        ("a",),
        _trace_shape,
        signature=_trace,
        aliases=("trace",),
        latex=r"\operatorname{tr}",
        doc="the trace, the sum of the diagonal",
        source="Petersen & Pedersen, The Matrix Cookbook (2012), sec. 2.5",
    ),
    Op("diag", "multilinear", ("a",), _diag_shape, signature=_diag, latex=r"\operatorname{diag}", doc="the matrix with a on its diagonal"),
    Op(
        "diagonal",
        "multilinear",
        ("a",),
        _diagonal_shape,
        signature=_diagonal,
        latex=r"\operatorname{diagonal}",
        doc="the diagonal of a matrix, as a vector",
    ),
    Op(
        "einsum",
        "multilinear",
        (),
        _einsum_shape,
        (("spec", ""),),
        _einsum,
        doc="the sum of products over the indices that the result lacks",
    ),
    Op(
        "kron",
        "multilinear",
        ("a", "b"),
        _kron_shape,
        signature=_kron,
        doc="the Kronecker product",
        source="Petersen & Pedersen, The Matrix Cookbook (2012), sec. 10.2",
    ),
)

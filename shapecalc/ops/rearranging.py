"""Operations that move entries without computing: transposes, reshapes, slices, joins, masks."""

from __future__ import annotations

from shapecalc.errors import Misfit
from shapecalc.op import Axes, Axis, Op, Parameters, Signature
from shapecalc.shapes import Dim, Shape, show, total

from .constants import bound, letters


def normal(axis: int, rank: int, what: str = "axis") -> int:
    """An axis counted from the front."""
    if not isinstance(axis, int) or isinstance(axis, bool):
        raise Misfit(f"{what}={axis} is not possible here")
    if not -rank <= axis < rank:
        raise Misfit(f"there is no {what} {axis} in a tensor of {rank} ax{'i' if rank == 1 else 'e'}s")
    return axis % rank


def _permuted(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    axes = params["axes"]
    if sorted(axes) != list(range(len(shapes[0]))):
        raise Misfit(f"the axes {axes} are not an order of the {len(shapes[0])} axes of {show(shapes[0])}")
    return tuple(shapes[0][a] for a in axes)


def _permute(shapes: tuple[Shape, ...], params: Parameters) -> Signature:
    source = letters(shapes[0])
    return Signature((source,), tuple(source[a] for a in params["axes"]), sizes=bound(source, shapes[0]))


def _expanded(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    out = list(shapes[0])
    for axis in sorted(params["axes"]):
        out.insert(axis, 1)
    return tuple(out)


def _expand(shapes: tuple[Shape, ...], params: Parameters) -> Signature:
    source = letters(shapes[0])
    out = list(source)
    for axis in sorted(params["axes"]):
        out.insert(axis, None)
    return Signature((source,), tuple(out), sizes=bound(source, shapes[0]))


def _squeezed(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    (a,) = shapes
    for axis in params["axes"]:
        if a[axis] != 1:
            raise Misfit(f"axis {axis} of {show(a)} is {a[axis]}, not 1")
    return tuple(d for k, d in enumerate(a) if k not in params["axes"])


def _squeeze(shapes: tuple[Shape, ...], params: Parameters) -> Signature:
    source = letters(shapes[0])
    return Signature((source,), tuple(x for k, x in enumerate(source) if k not in params["axes"]), sizes=bound(source, shapes[0]))


def _reshaped(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    target = tuple(params["shape"])
    if total(shapes[0]) != total(target):
        raise Misfit(f"{show(shapes[0])} has {total(shapes[0])} entries, {show(target)} has {total(target)}")
    return target


def _groups(source: Shape, target: Shape) -> list[tuple[list[int], list[int]]] | None:
    """Runs of axes of source and of target with the same number of entries, or None if they do not line up."""
    out: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(source) or j < len(target):
        left, right = [i] if i < len(source) else [], [j] if j < len(target) else []
        i, j = i + len(left), j + len(right)
        while total(tuple(source[k] for k in left)) != total(tuple(target[k] for k in right)):
            # the side with fewer factors takes one more axis
            if (len(left) <= len(right) and i < len(source)) or j >= len(target):
                if i >= len(source):
                    return None
                left.append(i)
                i += 1
            else:
                right.append(j)
                j += 1
        out.append((left, right))
    return out


def _reshape(shapes: tuple[Shape, ...], params: Parameters) -> Signature | None:
    """The signature of a reshape that splits or joins whole axes; None where axes are cut otherwise."""
    source, target = shapes[0], tuple(params["shape"])
    groups = _groups(source, target)
    if groups is None:
        return None
    inputs: list[Axis] = [None] * len(source)
    outputs: list[Axis] = [None] * len(target)
    sizes: dict[str, Dim] = {}
    free = iter("ijklmnopqrstuvwabcdefgh")
    for left, right in groups:
        fine, one, many = (left, right, outputs) if len(right) <= 1 else (right, left, inputs)
        if len(one) > 1:
            return None
        own = inputs if fine is left else outputs
        whole = source if fine is left else target
        names = []
        for k in fine:
            if whole[k] != 1:
                own[k] = next(free)
                names.append(own[k])
                sizes[str(own[k])] = whole[k]
        for k in one:
            many[k] = names[0] if len(names) == 1 else tuple(map(str, names)) or None
    return Signature((tuple(inputs),), tuple(outputs), sizes=sizes)


def _vec_shape(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    return (total(shapes[0]),)


def _vec(shapes: tuple[Shape, ...], _: Parameters) -> Signature:
    source = letters(shapes[0])
    names = tuple(x for x in reversed(source) if isinstance(x, str))
    out: Axes = (names[0] if len(names) == 1 else names or None,)
    return Signature((source,), out, sizes=bound(source, shapes[0]))


def _broadcast_to(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    target = tuple(params["shape"])
    own = shapes[0]
    if len(own) > len(target) or any(d not in (1, t) for d, t in zip(own, target[len(target) - len(own) :], strict=True)):
        raise Misfit(f"{show(own)} does not broadcast to {show(target)}")
    return target


def _stretch(shapes: tuple[Shape, ...], params: Parameters) -> Signature:
    target = tuple(params["shape"])
    out = letters(target)
    own = shapes[0]
    return Signature(
        (tuple(None if d == 1 else x for d, x in zip(own, out[len(out) - len(own) :], strict=True)),), out, sizes=bound(out, target)
    )


OPS = (
    Op("transpose", "multilinear", ("a",), _permuted, (("axes", ()),), _permute, doc="the axes in another order; .T reverses them"),
    Op("expand_dims", "multilinear", ("a",), _expanded, (("axes", ()),), _expand, doc="axes of size 1 put in; x[:, None]"),
    Op("squeeze", "multilinear", ("a",), _squeezed, (("axes", ()),), _squeeze, doc="axes of size 1 taken out"),
    Op(
        "reshape",
        "multilinear",
        ("a",),
        _reshaped,
        (("shape", ()),),
        _reshape,
        pulls=("reshape(dy, shape(a))",),  # where axes are cut across, and there is no signature
        doc="the same entries, row by row, in another shape",
    ),
    Op(
        "vec",
        "multilinear",
        ("a",),
        _vec_shape,
        signature=_vec,
        latex=r"\operatorname{vec}",
        doc="the columns stacked",
        source="Magnus & Neudecker (2019), ch. 2",
    ),
    Op("broadcast_to", "multilinear", ("a",), _broadcast_to, (("shape", ()),), _stretch, doc="stretched to a shape as NumPy does"),
)

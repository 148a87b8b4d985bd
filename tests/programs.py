"""Random well-shaped programs over the rule book: ranks up to a bound, shared values, broadcasting, losses of several terms."""

from __future__ import annotations

import zlib

from shapecalc.verify.points import STYLES
from shapecalc.verify.trials import FLOAT

SIZES = ["n", "m", "k"]
POINTWISE = (  # noqa: SIM905 - a list of words; with a real value everywhere, or made so below
    "exp tanh sigmoid sin cos relu abs sqrt log softplus silu erf arctan gelu elu leaky_relu square log1p expm1 sinh cosh reciprocal"
).split()
POSITIVE = {"sqrt", "log", "reciprocal"}
NAMES = "ABCDEFGHPQRUVWXY"


def written(shape):
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


class Maker:
    """Writes one program with the choices of a `random.Random` (or anything with its methods)."""

    def __init__(self, rng, most=2):
        self.rng = rng
        self.most = most
        self.declared = {}
        self.defined = {}

    def variable(self, shape):
        for name, known in self.declared.items():
            if known == shape and self.rng.random() < 0.5:
                return name
        n = len(self.declared)
        name = NAMES[n] if n < len(NAMES) else f"V{n}"
        self.declared[name] = shape
        return name

    def leaf(self, shape):
        known = [n for n, s in self.defined.items() if s == shape]
        return self.rng.choice(known) if known and self.rng.random() < 0.6 else self.variable(shape)

    def narrower(self, shape):
        """A shape that broadcasts to this one."""
        if self.rng.random() < 0.7:
            return shape
        out = tuple(d if self.rng.random() < 0.5 else 1 for d in shape)
        while out and out[0] == 1 and self.rng.random() < 0.6:
            out = out[1:]
        return out

    def formula(self, shape, depth):
        rank, rng = len(shape), self.rng
        if depth <= 0 or rng.random() < 0.12:
            return self.leaf(shape)
        kinds = [
            self.sum,
            self.sum,
            self.product,
            self.product,
            self.quotient,
            self.function,
            self.function,
            self.power,
            self.matmul,
            self.matmul,
            self.reduction,
            self.reduction,
            self.normalised,
            self.choice,
        ]
        if rank == 2:
            kinds += [self.transposed, self.outer]
        if rank == 2 and shape[0] == shape[1] != 1:
            kinds += [self.square]
        if rank == 1 and shape[0] != 1:
            kinds += [self.diagonal]
        if rank == 0:
            kinds += [self.scalar]
        if rank >= 1:
            kinds += [self.part, self.joined, self.contraction]
        if rank == 3:
            kinds += [self.permuted]
        return rng.choice(kinds)(shape, depth - 1)

    def sum(self, shape, d):
        return f"({self.formula(shape, d)} {self.rng.choice('+-')} {self.formula(self.narrower(shape), d)})"

    def product(self, shape, d):
        return f"({self.formula(shape, d)} * {self.formula(self.narrower(shape), d)})"

    def quotient(self, shape, d):
        return f"({self.formula(shape, d)} / (1 + {self.formula(self.narrower(shape), d)}**2))"

    def function(self, shape, d):
        name, inner = self.rng.choice(POINTWISE), self.formula(shape, d)
        if name in POSITIVE:
            inner = f"1 + ({inner})**2"
        return f"{name}(({inner})**2)" if name == "log1p" else f"{name}({inner})"

    def power(self, shape, d):
        return f"({self.formula(shape, d)})**{self.rng.choice('23')}"

    def matmul(self, shape, d):
        inner = self.rng.choice(SIZES)
        if not shape:
            return f"({self.formula((inner,), d)} @ {self.formula((inner,), d)})"
        if len(shape) == 1:
            if self.rng.random() < 0.5:
                return f"({self.formula((inner,), d)} @ {self.formula((inner, shape[0]), d)})"
            return f"({self.formula((shape[0], inner), d)} @ {self.formula((inner,), d)})"
        return f"({self.formula((*shape[:-1], inner), d)} @ {self.formula((inner, shape[-1]), d)})"

    def reduction(self, shape, d):
        axis = self.rng.randint(0, len(shape))
        wider = (*shape[:axis], self.rng.choice(SIZES), *shape[axis:])
        if len(wider) > self.most + 1:
            return self.leaf(shape)
        name = self.rng.choice(["sum", "mean", "logsumexp", "sum", "var", "norm", "max"])
        return f"{name}({self.formula(wider, d)}, axis={axis})"

    def normalised(self, shape, d):
        if not shape:
            return self.leaf(shape)
        return f"{self.rng.choice(['softmax', 'log_softmax'])}({self.formula(shape, d)}, axis={self.rng.randrange(len(shape))})"

    def choice(self, shape, d):
        a, b = self.formula(shape, d), self.formula(shape, d)
        return f"maximum({a}, {b})" if self.rng.random() < 0.5 else f"where({self.formula(shape, d)} > 0, {a}, {b})"

    def transposed(self, shape, d):
        return f"({self.formula(shape[::-1], d)}).T"

    def outer(self, shape, d):
        return self.leaf(shape) if 1 in shape else f"outer({self.formula((shape[0],), d)}, {self.formula((shape[1],), d)})"

    def square(self, shape, d):
        n = shape[0]
        return self.rng.choice(
            [f"diag({self.formula((n,), d)})", f"inv(5*eye({n}) + {self.formula(shape, d)}/3)", f"tril({self.formula(shape, d)})"]
        )

    def diagonal(self, shape, d):
        return f"diagonal({self.formula((shape[0], shape[0]), d)})"

    def scalar(self, _, d):
        n = self.rng.choice(SIZES)
        return self.rng.choice(
            [f"tr({self.formula((n, n), d)})", f"logdet(4*eye({n}) + {self.formula((n, n), d)}/4)", f"det({self.formula((n, n), d)})"]
        )

    def part(self, shape, d):
        """A slice: the longer tensor has the axis twice over."""
        axis = self.rng.randrange(len(shape))
        if shape[axis] == 1:
            whole = (*shape[:axis], self.rng.choice(SIZES), *shape[axis + 1 :])
            cut = self.rng.choice([":1", "-1:", "1:2"])
        else:
            whole = (*shape[:axis], f"2*{shape[axis]}", *shape[axis + 1 :])
            cut = self.rng.choice([f":{shape[axis]}", f"{shape[axis]}:"])
        return f"{self.variable(whole)}[{', '.join([':'] * axis + [cut])}]"

    def joined(self, shape, d):
        axis = self.rng.randrange(len(shape))
        if shape[axis] == 1:
            return self.leaf(shape)
        one, rest = ((*shape[:axis], n, *shape[axis + 1 :]) for n in (1, f"{shape[axis]} - 1"))
        return f"concatenate([{self.formula(one, d)}, {self.variable(rest)}], axis={axis})"

    def contraction(self, shape, d):
        letters = "abcde"[: len(shape)]
        shared, summed = self.rng.choice(letters), self.rng.choice(SIZES)
        left = "".join(x for x in letters if x == shared or self.rng.random() < 0.5) + "s"
        right = "".join(x for x in letters if x not in left or x == shared) + "s"
        sizes = dict(zip(letters, shape, strict=True)) | {"s": summed}
        a, b = (self.formula(tuple(sizes[x] for x in word), d) for word in (left, right))
        return f"einsum('{left},{right}->{letters}', {a}, {b})"

    def permuted(self, shape, d):
        order = [0, 1, 2]
        self.rng.shuffle(order)
        source = [None] * 3
        for place, axis in enumerate(order):
            source[axis] = shape[place]
        return f"transpose({self.formula(tuple(source), d)}, ({', '.join(map(str, order))}))"

    def program(self, definitions=4):
        lines = []
        for k in range(definitions):
            rank = self.rng.randint(0, self.most)
            shape = tuple(self.rng.choice([*SIZES, 1] if self.rng.random() < 0.2 else SIZES) for _ in range(rank))
            lines.append(f"z{k} = {self.formula(shape, self.rng.randint(1, 3))}")
            self.defined[f"z{k}"] = shape
        if self.rng.random() < 0.7:
            lines.append("loss = " + " + ".join(f"sum({n}**2)" if self.rng.random() < 0.5 else f"sum({n})" for n in self.defined))
        return "\n".join([f"{n}: {written(s)}" for n, s in self.declared.items()] + lines)


def points(judge):
    """The points at which a judge has compared: sizes, how it was drawn, the first value, and all of them in a word."""
    for mode, trials in judge.trials.drawn.items():
        for t in trials if mode != FLOAT else ():
            style = STYLES.index(t.style) if t.style in STYLES else t.style
            data = [x for a in (*t.declared.values(), *t.given.values()) for x in a.data]
            where = ", ".join(f"{k}={v}" for k, v in t.frame.items())
            yield f"{mode} at {where}: {str(data[0])[:9]} {zlib.crc32(repr(data).encode()):08x}, style {style}{', equal' * t.equal}"

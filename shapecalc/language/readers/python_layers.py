"""Layers and losses that are made before they are called, nn.MSELoss()(Z, Y), and arrays put side by side: np.c_[X, b], column_stack."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from shapecalc.errors import NotKnownYet, ShapecalcError, Span
from shapecalc.shapes import Dim, multiply

from ..builder import Builder
from ..tree import Node, Tuple
from .growing import call, picked
from .python_idioms import Idioms
from .python_values import Value, path

LAYERS = {
    "MSELoss": "mse_loss", "L1Loss": "l1_loss", "SmoothL1Loss": "smooth_l1_loss", "HuberLoss": "huber_loss", "KLDivLoss": "kl_div",
    "CrossEntropyLoss": "cross_entropy", "NLLLoss": "nll_loss", "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits", "Softmax": "softmax", "LogSoftmax": "log_softmax", "ReLU": "relu",
    "Sigmoid": "sigmoid", "Tanh": "tanh", "GELU": "gelu", "SiLU": "silu", "Softplus": "softplus", "ELU": "elu", "LeakyReLU": "leaky_relu",
}  # fmt: skip
BESIDE = {"c_": -1, "column_stack": -1, "r_": 0}


class Layers(Idioms):
    """Reads what is made first and called then."""

    def layer(self, node: ast.Call, span: Span) -> tuple[str, str, ast.Call, Span, Span]:
        """The call of a function that a call of a layer stands for, F.mse_loss(Z, Y, reduction="sum"): module, name, call, where."""
        made = node.func if isinstance(node.func, ast.Call) else self._made(path(node.func) or "")
        whose, _, layer = self.world.module(made.func).rpartition(".") if made is not None else ("", "", "")
        if made is None or whose != "torch.nn" or layer not in LAYERS:
            raise NotKnownYet("this call is not read", span)
        name = LAYERS[layer]
        called = ast.copy_location(ast.Call(made.func, [*node.args, *made.args], [*node.keywords, *made.keywords]), node)
        return f"torch.nn.functional.{name}", name, called, span, self.world.source.span(node.func)

    def is_layer(self, where: str | None) -> bool:
        """Whether a name is given a layer, once."""
        made = self._made(where or "")
        return made is not None and self.world.module(made.func).rpartition(".")[0] == "torch.nn"

    def _made(self, where: str) -> ast.Call | None:
        given = [n.value for n in ast.walk(self.world.source.tree) if isinstance(n, ast.Assign) and where in map(path, n.targets)]
        return given[0] if where and len(given) == 1 and isinstance(given[0], ast.Call) else None

    def named_part(self, node: ast.Attribute, span: Span) -> Node:
        """What stands behind a point: self.W, slogdet(A).logabsdet."""
        where = path(node)
        if where is not None:
            return self.held(self.world.find(where, span), span)
        if node.attr in ("sign", "logabsdet") and isinstance(node.value, ast.Call):
            part = ast.copy_location(ast.Constant(int(node.attr == "logabsdet")), node)
            return super().subscript(ast.copy_location(ast.Subscript(node.value, part, ast.Load()), node), span)
        raise NotKnownYet(f".{node.attr} is not read", span)

    def subscript(self, node: ast.Subscript, span: Span) -> Node:
        """A part of an array, or arrays side by side."""
        library, _, name = self.world.module(node.value).rpartition(".") if isinstance(node.value, ast.Attribute) else ("", "", "")
        if name in BESIDE and library in ("numpy", "jax.numpy", "cupy"):
            return self._beside(node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice], BESIDE[name], span)
        return super().subscript(node, span)

    def special(self, name: str, args: Sequence[ast.expr], keywords: Sequence[ast.keyword], span: Span) -> Node | None:
        """The formula that such a call stands for."""
        if name == "column_stack" and len(args) == 1 and isinstance(args[0], ast.Tuple | ast.List):
            return self._beside(args[0].elts, BESIDE[name], span)
        return super().special(name, args, keywords, span)

    def _beside(self, items: Sequence[ast.expr], axis: int, span: Span) -> Node:
        """Arrays along an axis; vectors that are to stand beside matrices are columns."""
        made = []
        for item in items:
            e = self.formula(item)
            rank = self._rank(e)
            if rank == 0:
                raise NotKnownYet("only arrays are read side by side", span)
            made.append(picked(e, (":", None)) if axis and rank == 1 else e)
        return call("concatenate", (Tuple(tuple(made), span),), span, axis=axis)

    def _rank(self, node: Node) -> int:
        try:
            return len(Builder(self.world.draft.sheet.scope()).build(node).shape)
        except ShapecalcError:
            raise NotKnownYet("what stands side by side here has no shape that is known", node.span) from None

    def count(self, node: ast.AST) -> Dim | None:
        """How many entries an array has."""
        shape = self.shape_behind(node)
        out: Dim = 1
        for dim in shape or ():
            out = multiply(out, dim)
        return None if shape is None else out

    def held(self, value: Value, span: Span) -> Node:
        """What a name holds."""
        raise NotImplementedError


__all__ = ["Layers"]

"""Whose arrays a Python program computes with: what X.var(0), X.max(1)[0] and X.transpose(0, 1) are differs between NumPy and PyTorch."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from shapecalc.errors import Span, SyntaxProblem

from ..libraries import library
from ..prefixes import PREFIXES
from .python_source import Source, dotted

DIFFERING = frozenset(
    "transpose var std max min norm repeat split softmax log_softmax softmin gelu leaky_relu normalize kl_div cholesky solve".split()  # noqa: SIM905
)
LIBRARIES = PREFIXES | frozenset(
    "jax.lax scipy.spatial.distance cupy cupy.linalg autograd.numpy autograd.numpy.linalg".split()  # noqa: SIM905 - a list of words
)
_METHODS = DIFFERING & frozenset({"transpose", "var", "std", "max", "min", "repeat"})
_WORDS = {"dim": "torch", "keepdim": "torch", "unbiased": "torch", "correction": "torch", "ddof": "numpy", "keepdims": "numpy"}


def prefix_of(module: str, name: str) -> str:
    """The module to be kept before a function, numpy.linalg before norm; "" where all libraries mean the same by it."""
    inner = module.rpartition(".")[0]
    return inner if name in DIFFERING and inner in PREFIXES else ""


def known_module(module: str) -> bool:
    """Whether what a function of this module does is known; another library may mean something else by the same name."""
    return module in LIBRARIES


class Libraries:
    """The libraries of a file, part by part. modules: what its names of modules, and of functions of modules, stand for."""

    def __init__(self, source: Source, modules: Mapping[str, str]) -> None:
        self.source = source
        self.modules = modules
        self.known: dict[int, frozenset[str]] = {}

    def of_method(self, name: str, node: ast.Call, span: Span) -> str:
        """The library whose method this is; "" where it makes no difference, or where nothing in the file tells.

        Raises SyntaxProblem for a variance where a part of the file computes with several libraries.
        """
        if name not in _METHODS or (name in ("max", "min", "transpose") and not (node.args or node.keywords)):
            return ""
        words = {_WORDS[k.arg] for k in node.keywords if k.arg in _WORDS}
        if len(words) == 1:
            return words.pop()
        tree = self.source.tree
        around = next((s for s in tree.body if s.lineno <= node.lineno <= (s.end_lineno or s.lineno)), tree)
        for used in filter(None, map(self.used, (around, tree))):
            if len(used) == 1:
                return next(iter(used))
            if name not in ("var", "std"):
                return ""  # the language refuses what can be read in two ways, and takes the rest
            written = self.source.text[span[0] : span[1]]
            hint = f"torch.{name}(...), or np.{name}(...)"
            raise SyntaxProblem(f"{written} can be read in two ways: as NumPy's {name}, and as torch's", span=span, hint=hint)
        return ""

    def used(self, part: ast.AST) -> frozenset[str]:
        """Which of the libraries occur in a part of the file: by a name that is imported, or by a function that is called."""
        if id(part) not in self.known:
            self.known[id(part)] = frozenset(filter(None, (self._library(node) for node in ast.walk(part))))
        return self.known[id(part)]

    def _library(self, node: ast.AST) -> str:
        match node:
            case ast.Import(names=[ast.alias(name=module), *_]) | ast.ImportFrom(module=str(module)):
                return _arrays(module)
            case ast.Call(func=ast.Attribute() as func):
                return _arrays(self.modules.get(dotted(func).partition(".")[0], ""))
            case ast.Name(id=name) if "." in self.modules.get(name, "") and name not in ("F", "nn", "jnp"):
                return _arrays(self.modules[name])  # from torch import Tensor
        return ""


def _arrays(module: str) -> str:
    """torch of torch.nn.functional; numpy of jax.numpy, whose arrays are NumPy's in all this."""
    found = library(module)
    return "numpy" if found == "jax" else found if found in ("torch", "numpy") else ""

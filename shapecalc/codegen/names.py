"""Names of a problem as Python names: a keyword, a module or a helper of that name is stepped around."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from unicodedata import normalize

from shapecalc.shapes import Dim

_WORD = re.compile(r"[^\W\d]\w*")


def python_names(names: Iterable[str], reserved: Iterable[str]) -> dict[str, str]:
    """A Python name for each name, all different; its own wherever that is possible.

    >>> python_names(["X", "lambda", "np"], ["np"])
    {'X': 'X', 'lambda': 'lambda_', 'np': 'np_'}
    """
    wanted = list(dict.fromkeys(names))
    # a name that keeps its spelling goes before one that has to give way
    taken = {n for n in wanted if _free(n, reserved)}
    out: dict[str, str] = {}
    for name in wanted:
        if name in taken:
            out[name] = name
            continue
        spelled = normalize("NFKC", name)
        while spelled in taken or not _free(spelled, reserved):
            spelled += "_"
        taken.add(spelled)
        out[name] = spelled
    return out


def _free(name: str, reserved: Iterable[str]) -> bool:
    """Whether Python reads a name as itself (it takes ϵ for ε) and nothing else has it."""
    return name.isidentifier() and normalize("NFKC", name) == name and not keyword.iskeyword(name) and name not in reserved


def size_text(dim: Dim, names: Mapping[str, str]) -> str:
    """A size in Python names."""
    return str(dim) if isinstance(dim, int) else _WORD.sub(lambda m: names.get(m[0], m[0]), dim)


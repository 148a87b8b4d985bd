"""The record of an operation: everything the parser, the calculus, the printers, the documentation and the tests know about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .records import record
from .shapes import Shape

Parameters = Mapping[str, Any]
Axis = str | None | tuple[str, ...]
"""What an axis is in an index signature: a letter, None (the number 1), or letters run together, the last one fastest."""
Axes = tuple[Axis, ...]


@record
class Signature:
    """An operation written with indices: ``ik,kj->ij`` is inputs (i,k), (k,j) and output (i,j).

    A letter twice in the output is a diagonal (a delta); a letter of the output that no input has is broadcast; a letter of an
    input that the output lacks is summed. ``powers`` are the exponents of the inputs (a quotient is ``(1, -1)``); ``sizes`` gives
    letters that no input fixes; ``over`` is what the whole is divided by (a mean); ``sign`` is -1 for minus.
    """

    inputs: tuple[Axes, ...]
    output: Axes
    powers: tuple[int, ...] = ()
    over: Shape = ()
    sign: int = 1
    sizes: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """One operation of the rule book.

    ``family`` is one of

    * ``multilinear``: the whole rule is ``signature``, read forwards for the value and backwards for the derivative;
    * ``pointwise``: ``slopes`` gives, for each argument, the derivative as text in the argument names and ``y`` (the result);
      ``by_result`` in ``y`` (and arguments that are numbers), for a result that has a name where the argument has none;
    * ``structured``: ``pulls`` gives, for each argument, the pull-back (VJP) as text in the argument names, ``y`` and ``dy``
      (the incoming gradient, of y's shape); where it depends on the parameters
      or the shapes of the arguments it is a function of them;
    * ``constant``: no arguments (ones, eye);
    * ``sum``: the one n-ary sum with signs.

    ``means`` is the value as a formula, ``value`` as a function of a ring and entries (a structured one: of a ring, tensors and
    parameters). ``spell`` is how a library calls it, ``{"numpy": "np.sinc({a})"}``, ``domain`` where it is defined, ``"{x} > 0"``, and
    ``kink`` what is chosen where it is not smooth.

    ``spectral`` is a pull-back that holds where the incoming gradient is a multiple of the identity (trace forms).

    Every rule is for the entries as free variables; see each ``source``.
    """

    name: str
    family: str
    args: tuple[str, ...]
    shape: Callable[[tuple[Shape, ...], Parameters], Shape]
    params: tuple[tuple[str, Any], ...] = ()
    signature: Callable[[tuple[Shape, ...], Parameters], Signature | None] | None = None
    slopes: tuple[str, ...] = ()
    by_result: tuple[str, ...] = ()
    pulls: tuple[str, ...] | Callable[[Parameters, tuple[Shape, ...]], tuple[str, ...]] = ()
    spectral: str = ""
    means: str | Callable[[Parameters], str] = ""
    value: Callable[..., Any] | None = None
    latex: str = ""
    spell: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    domain: str = ""
    kink: str = ""
    doc: str = ""
    source: str = ""

    def __repr__(self) -> str:
        return f"<Op {self.name}>"

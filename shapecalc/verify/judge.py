"""The judge: every formula that is handed out, and every claim, is compared with numbers that owe nothing to how it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any

from shapecalc.calculus.gradients import Backward
from shapecalc.derivation import Certificate
from shapecalc.errors import ShapecalcError
from shapecalc.evaluate import concrete
from shapecalc.expr import Apply, Expr, Var
from shapecalc.language.problem import Problem
from shapecalc.rings import Modular, Unsupported
from shapecalc.shapes import Shape, strip, total
from shapecalc.tensor import Tensor, strides

from .comparison import CLAIM_LIMITS, Comparison, Comparisons
from .conditions import Known, assumptions
from .degrees import Degree, bits, degree, derivative, zero_test
from .degrees import added as added_degrees
from .points import distinct
from .trials import EXACT, REAL, Trial, Trials, Undecided, rescaled
from .witness import incoming

Axes = tuple[tuple[int, ...], ...]

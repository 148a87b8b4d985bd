"""The kinds of numbers that a formula can be evaluated over: integers modulo a prime power, reals to sixty digits, and floats.

The symbolic rings of `calculus.entries` offer the same, so that one evaluator serves numbers and symbols.
"""

from __future__ import annotations

from .floats import Floats
from .modular import PRIME, Masked, Modular, random_prime
from .near import Firm, Near, Shaken
from .real import Real
from .ring import Adapted, Field, Ring, Unlucky, Unsupported
from .unknown import Table, Unknown
from .veiled import VEILED, Veiled

__all__ = [
    "PRIME", "VEILED", "Adapted", "Field", "Firm", "Floats", "Masked", "Modular", "Near", "Real", "Ring", "Shaken", "Table",
    "Unknown", "Unlucky", "Unsupported", "Veiled", "random_prime",
]  # fmt: skip

"""Nothing is printed that is not proved: derived formulas and claims against difference quotients of the program itself."""

from __future__ import annotations

from .compared import Comparison
from .judge import Judge
from .question import Disproved
from .undecided import Undecided

__all__ = ["Comparison", "Disproved", "Judge", "Undecided"]

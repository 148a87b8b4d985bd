"""Checks what a person derived by hand: line by line, with the slip named and the change that mends it."""

from __future__ import annotations

from .one import judge_one
from .sheets import check_sheet

__all__ = ["check_sheet", "judge_one"]

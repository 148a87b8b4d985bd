"""Loads what judging needs, once, in the process that workers are copied from."""

from __future__ import annotations

from .. import api, checking, render
from ..exposition import reports
from ..language.readers import files

__all__ = ["api", "checking", "files", "render", "reports"]

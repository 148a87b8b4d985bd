"""Documents in every place where people write mathematics."""

from __future__ import annotations

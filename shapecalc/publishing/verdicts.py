"""A report as data, by the schema in data/report-1.schema.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ..derivation import Report, Verdict
from .facts import plain, version

SCHEMA = "shapecalc.report/1"
FIELDS = tuple(f.name for f in fields(Verdict))


def facts(report: Report, layout: str, structured: bool, aliases: Mapping[str, str]) -> dict[str, Any]:
    """Every verdict, and what is needed in order to judge the source again."""
    claims = [plain({n: getattr(c, n) for n in FIELDS} | {"certificate": c.certificate and str(c.certificate)}) for c in report.claims]
    first = report.first_wrong
    told: dict[str, Any] = {"schema": SCHEMA, "name": report.name, "ok": report.ok, "first_wrong": first and first.line}
    told |= {"problems": list(report.problems), "claims": claims}
    again = {"sheet": getattr(report, "sheet", "") or report.source, "layout": layout, "structured": structured, "aliases": dict(aliases)}
    return told | {"version": version(), **again}

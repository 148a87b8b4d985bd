"""verify: stored results judged again, each part by itself; nothing in the file is believed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import InputProblem, ShapecalcError, visible
from . import output, sources

if TYPE_CHECKING:
    from ..stored import Again, Recheck

Values = dict[str, Any]
WORDS = {
    "shapecalc.derivation/1": "a derivation",
    "shapecalc.derivative/1": "a Jacobian or a Hessian",
    "shapecalc.report/1": "a report",
}


def verify(v: Values) -> int:
    """0 all confirmed; 1 something is wrong, or cannot be decided; 2 a file is no result."""
    code = 0
    for argument in v["sources"]:
        try:
            for name, found in results(argument):
                code = max(code, int(not found.ok))
                output.show(drawn(name, found, v))
        except ShapecalcError as error:
            code = 2
            if v["format"] == "json":
                output.show(json.dumps({"schema": "shapecalc.verification/1", "name": argument, "ok": False, "problem": str(error)}))
            else:
                output.complain(f"{visible(argument)}: {error}")
    return code


def results(argument: str) -> Iterator[tuple[str, Recheck]]:
    """Every result of a file, or of standard input, judged again."""
    from ..stored import rechecked, several

    path = sources.file(argument)
    if path is None and argument != "-":
        raise InputProblem("there is no such file", hint="shapecalc derive SOURCE --format json -o result.json writes one")
    text, name = sources.source(argument)
    data = several(text)
    for number, one in enumerate(data, 1):
        try:
            yield (name or "standard input") + (f":{number}" if len(data) > 1 else ""), rechecked(one)
        except ShapecalcError as error:
            raise error if len(data) == 1 else InputProblem(f"result {number}: {error}") from None


def drawn(name: str, found: Recheck, v: Values) -> str:
    """What was found, as text or as one line of JSON."""
    if v["format"] == "json":
        return json.dumps(facts(name, found))
    lines = [f"{visible(name)}: {WORDS[found.schema]}, {said(found)}"]
    lines += [f"  {line(p)}" for p in found.parts]
    lines += [f"  {note}" for note in found.notes]
    if v["certificate"]:
        lines += [f"  {text}" for text in dict.fromkeys(str(p.certificate) for p in found.parts if p.certificate is not None)]
    text = "\n".join(lines)
    return text if not output.only_ascii(asked=False) else text.encode("ascii", "backslashreplace").decode("ascii")


def said(found: Recheck) -> str:
    """The outcome in words."""
    bad = sum(p.verdict != "right" for p in found.parts)
    return "confirmed" if not bad else f"not confirmed: {bad} of {len(found.parts)} parts"


def line(p: Again) -> str:
    """One part."""
    return f"{p.verdict:<9} {visible(p.text or p.name)}" + (f"\n            {visible(p.reason)}" if p.reason else "")


def facts(name: str, found: Recheck) -> dict[str, Any]:
    """The same as data."""
    parts = [
        {"name": p.name, "text": p.text, "verdict": p.verdict, "reason": p.reason, "certificate": p.certificate and str(p.certificate)}
        for p in found.parts
    ]
    return {"schema": "shapecalc.verification/1", "name": name, "ok": found.ok, "parts": parts, "notes": list(found.notes)}

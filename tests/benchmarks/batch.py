"""Many submissions: what a second process brings, and whether memory stays flat."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .claims import RIGHT, WRONG
from .harness import Plan, Process, Sample, Table, process
from .problems import affine

PER_SHEET = 10  # claims on each


def submissions(count: int) -> Iterator[str]:
    """So many submissions, each with claims of its own, a wrong one among them."""
    right = RIGHT["upstream"]
    for n in range(count):
        claims = [right[k % len(right)].format(k=n + k + 2) for k in range(PER_SHEET - 1)]
        yield json.dumps({"id": f"student-{n}", "problem": affine("upstream"), "claims": [*claims, WRONG[n % len(WRONG)]]})


def run(plan: Plan) -> Iterator[Table]:
    """One process and two, over few and many submissions."""
    out = Table(
        "Claims handed in by many, whole process",
        [("submissions", "n"), ("claims", "n"), ("--jobs", "n"), ("clock", "s"), ("claims", "/s"), ("over --jobs 1", "x"), ("peak", "MiB")],
    )
    sheets = plan.claims * 5
    with tempfile.TemporaryDirectory() as folder:
        for count in (max(1, sheets // 4), sheets):
            file = Path(folder) / f"course-{count}.jsonl"
            file.write_text("\n".join(submissions(count)), encoding="utf-8")
            rounds: dict[int, list[Process]] = {1: [], 2: []}
            for _ in range(min(plan.rounds, 3)):
                for jobs, found in rounds.items():
                    found.append(process([plan.python, "-m", "shapecalc", "check", str(file), "--jobs", str(jobs), "--format", "json"]))
            one = Sample(tuple(p.wall for p in rounds[1]))
            for jobs, found in rounds.items():
                wall = Sample(tuple(p.wall for p in found))
                claims = count * PER_SHEET
                out.add(count, claims, jobs, wall, claims / wall.median, one.over(wall), max(p.peak for p in found))
    out.note(
        f"""
        {PER_SHEET} claims a submission, one of them wrong, with its diagnosis; every problem is read, derived and proved anew. The peak is
        that of the largest process. Wanted: two processes 1.7 times as fast as one; a peak that does not grow with the submissions.
        """
    )
    yield out

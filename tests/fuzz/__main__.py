"""The long run: `python -m tests.fuzz --minutes 60` (from the root of the repository).

Inputs tried and findings are printed every minute; each finding is written to the directory `--keep`, as the input that shows it.
`--guided` lets atheris choose the inputs by coverage, where it is installed; `--only` names the kinds. The exit code is 1 after a finding.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
MEMORY = 512 * 2**20  # of one input, above what the program itself takes


def arguments(words):
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--judged", type=float, default=0.1, help="the share of inputs that are judged, not only read")
    parser.add_argument("--guided", action="store_true")
    return parser.parse_args(words)


class Run:
    """Counts what was tried and keeps what was found."""

    def __init__(self, keep):
        self.keep, self.tried, self.found = keep, Counter(), Counter()
        self.start = self.said = time.monotonic()

    def one(self, what, kind, text):
        from fuzz.targets import attempt

        self.tried[f"{what.__name__} {kind}"] += 1
        finding = attempt(what, kind, text)
        if finding:
            self.found[finding] += 1
            if self.found[finding] == 1:
                sys.stdout.write(f"FOUND {what.__name__} {kind}: {finding}\n{text[:400]!r}\n")
                if self.keep is not None:
                    self.keep.mkdir(parents=True, exist_ok=True)
                    (self.keep / f"{len(self.found)}-{what.__name__}-{kind}.txt").write_text(text, encoding="utf-8", errors="surrogatepass")
        if time.monotonic() - self.said > 60:
            self.say()

    def say(self):
        self.said = time.monotonic()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        minutes = (self.said - self.start) / 60
        sys.stdout.write(f"{minutes:.0f} min: {self.tried.total():,} inputs, {len(self.found)} findings, peak {peak} MB\n")
        sys.stdout.flush()
        gc.collect()

    def end(self):
        self.say()
        for name, count in sorted(self.tried.items()):
            sys.stdout.write(f"  {count:9,}  {name}\n")
        for name, count in self.found.most_common():
            sys.stdout.write(f"  {count:9,} x {name}\n")


def written(run, given, kinds):
    """Inputs by the grammar."""
    from fuzz.targets import judge, parse
    from fuzz.texts import Writer

    rng = random.Random(given.seed)
    writer = Writer(rng)
    end = time.monotonic() + given.minutes * 60
    while time.monotonic() < end:
        kind = rng.choice(kinds)
        run.one(judge if rng.random() < given.judged else parse, kind, writer.text(kind))


def guided(run, given):
    """Inputs that atheris finds by the branches they reach; the first byte says which reader is meant."""
    import atheris

    with atheris.instrument_imports(include=["shapecalc.language", "shapecalc.errors", "shapecalc.stored", "shapecalc.batch"]):
        from fuzz.targets import KINDS, parse
        from fuzz.texts import NASTY, samples
    kinds = tuple(given.only.split(",")) if given.only else KINDS
    end = time.monotonic() + given.minutes * 60

    def once(data):
        if time.monotonic() > end:
            run.end()
            sys.stdout.flush()
            __import__("os")._exit(int(bool(run.found)))
        run.one(parse, kinds[data[0] % len(kinds)] if data else kinds[0], data[1:].decode("utf-8", "surrogateescape"))

    keep = (given.keep or Path(".hypothesis")) / "guided"
    keep.mkdir(parents=True, exist_ok=True)
    for k, kind in enumerate(kinds):
        for n, text in enumerate(samples(kind)[:40]):
            (keep / f"seed-{kind}-{n}").write_bytes(bytes([k]) + text[:3000].encode("utf-8", "surrogatepass"))
    words = keep.parent / "words.txt"
    entries = [w for w in NASTY if w.isascii() and w.isprintable() and len(w) < 60]
    words.write_text("".join('"' + w.replace("\\", "\\\\").replace('"', '\\"') + '"\n' for w in entries), encoding="utf-8")
    atheris.Setup([sys.argv[0], str(keep), f"-dict={words}", "-max_len=3000", "-timeout=60", "-rss_limit_mb=4000"], once)
    atheris.Fuzz()


def main(words):
    given = arguments(words)
    run = Run(given.keep)
    if given.guided:  # before anything of ours is imported, so that it can be watched
        guided(run, given)
        return int(bool(run.found))
    from fuzz.targets import KINDS

    kinds = tuple(given.only.split(",")) if given.only else KINDS
    size = Path("/proc/self/statm")  # of this process, where there is such a thing
    floor = int(size.read_text(encoding="ascii").split()[0]) * resource.getpagesize() if size.exists() else 2**31
    resource.setrlimit(resource.RLIMIT_AS, (floor + MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    written(run, given, kinds)
    run.end()
    return int(bool(run.found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

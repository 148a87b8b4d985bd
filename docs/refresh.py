"""Brings README and docs up to date: `python docs/refresh.py [PAGE...]`; with --check it says what is not, and changes nothing."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

from examples import DOCS, ROOT, Broken, pages, refreshed, same  # noqa: E402 - the path is set first
from generated import PAGES  # noqa: E402 - likewise
from notebooks import EXAMPLE  # noqa: E402 - likewise
from notebooks import refresh as refresh_notebook  # noqa: E402 - likewise


def main(words: list[str]) -> int:
    """The pages that changed, or would."""
    only = {w for w in words if not w.startswith("-")}
    changed = []
    for name, make in PAGES.items():
        path = DOCS / name
        if (not only or name in only) and store(path, make(), "--check" in words):
            changed.append(path)
    for path in pages():
        if path.name in PAGES or (only and path.name not in only):
            continue
        try:
            made = refreshed(path.read_text(encoding="utf-8"))
        except Broken as error:
            sys.stdout.write(f"{path.relative_to(ROOT)} is left as it is: {error}\n")
            continue
        if store(path, made, "--check" in words):
            changed.append(path)
    if (not only or EXAMPLE.name in only) and refresh_notebook(same, write="--check" not in words):
        changed.append(EXAMPLE)
    for path in changed:
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return int(bool(changed) and "--check" in words)


def store(path: Path, made: str, only_look: bool) -> bool:
    """Writes a page that is not as it should be."""
    made = made.rstrip("\n") + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == made:
        return False
    if not only_look:
        path.write_text(made, encoding="utf-8")
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""One colour for each size name, the same in every format. Colour is never the only sign: the name is always there."""

from __future__ import annotations

from collections.abc import Sequence

# dark enough on white, light enough on near-black (contrast of 4.5 and more), and far apart for the common kinds of colour blindness
LIGHT = ("#1559b3", "#a8480b", "#1b7040", "#8a2f9e", "#a82236", "#0a6b78", "#6b5d00", "#4a4fb5")
DARK = ("#82b7ff", "#ffb070", "#74d29a", "#dca0ec", "#ff9aa5", "#6fd3e0", "#d9ca5c", "#b0b4ff")
TERMINAL = ("cyan", "yellow", "green", "magenta", "red", "blue", "bright_yellow", "bright_cyan")


class Palette:
    """The colours of some size names, by their order."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._places = {name: k for k, name in enumerate(self.names)}

    def place(self, name: str) -> int:
        """The number of a size name's colour, from 0; the colours come round again after eight."""
        return self._places.get(name, 0) % len(LIGHT)

    def light(self, name: str) -> str:
        """On white."""
        return LIGHT[self.place(name)]

    def dark(self, name: str) -> str:
        """On a dark ground."""
        return DARK[self.place(name)]

    def terminal(self, name: str) -> str:
        """One of the terminal's own colours, which fit its ground."""
        return TERMINAL[self.place(name)]

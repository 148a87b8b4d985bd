"""A real browser for tests: Chromium through its own driver, spoken to in the words of the WebDriver standard."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from conftest import missing, require

ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync", "--disable-quic",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb",
)  # fmt: skip
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the standard gives to references
AXE = ("axe_playwright_python/axe.min.js", "axe_core_python/axe.min.js")  # the newer one first; only the script is used


class Browser:
    """One session."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        program = require("chromium", "google-chrome", "chrome")
        driver = [require("chromedriver"), "--port=0"]
        self.driver = subprocess.Popen(driver, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.driver.stdout is not None
        port = next(m[1] for line in self.driver.stdout if (m := re.search(r"successfully on port (\d+)", line)))
        self.root = f"http://127.0.0.1:{port}/session"
        chrome = {"binary": program, "args": [*ARGUMENTS, f"--user-data-dir={self.folder / 'profile'}"]}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": chrome}}}
        self.root += "/" + self.call("", wanted)["sessionId"]
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.call("", method="DELETE")
        finally:
            self.driver.terminate()
            self.driver.wait(10)

    def call(self, path: str, data: Any = None, method: str = "POST") -> Any:
        """One command of the standard."""
        body = json.dumps(data if data is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(f"{self.root}{path}", body, {"Content-Type": "application/json"}, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - our own driver
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            told = json.loads(error.read() or b"{}").get("value", {})
            raise RuntimeError(f"{told.get('error', error)}: {told.get('message', '')[:300]}") from None

    def open(self, page: Path) -> None:
        """Loads a file."""
        self.call("/url", {"url": page.as_uri()})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        return self.call("/execute/sync", {"script": script, "args": arguments})

    def wait_for(self, script: str, *arguments: Any) -> Any:
        """What a script hands to its last argument, a function."""
        return self.call("/execute/async", {"script": script, "args": arguments})

    def cdp(self, command: str, **parameters: Any) -> None:
        """A command of Chromium's own."""
        self.call("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def width(self, pixels: int) -> None:
        """The width of the page."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=pixels, height=900, deviceScaleFactor=1, mobile=False)

    def dark(self, on: bool) -> None:
        """Whether the reader prefers a dark page."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if on else "light"}]
        self.cdp("Emulation.setEmulatedMedia", media="screen", features=features)

    def hover(self, selector: str) -> None:
        """Moves the pointer onto the first such element."""
        found = self.call("/element", {"using": "css selector", "value": selector})
        self.run("arguments[0].scrollIntoView({block: 'center'})", found)
        move = {"type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": {ELEMENT: found[ELEMENT]}}
        pointer = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [move]}
        self.call("/actions", {"actions": [pointer]})

    def violations(self, *rules: str, without: tuple[str, ...] = ()) -> list[str]:
        """What axe-core finds on the page that is open: rule, and the first element that breaks it."""
        if not self.run("return typeof axe !== 'undefined'"):
            self.run(axe_script())
        options: dict[str, Any] = {"resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in without}}
        if rules:
            options["runOnly"] = {"type": "rule", "values": rules}
        script = "const done = arguments[arguments.length - 1]; axe.run(document, arguments[0]).then(r => done(r.violations), e => done(e))"
        return [f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:200]}" for v in self.wait_for(script, options)]


def axe_script() -> str:
    """The source of axe-core, from whichever package holds it."""
    specs = ((find_spec(name.partition("/")[0]), name.partition("/")[2]) for name in AXE)
    found = [Path(spec.origin).parent / file for spec, file in specs if spec is not None and spec.origin is not None]
    if not found:
        missing("axe-core (pip install axe-core-python)")
    return found[0].read_text(encoding="utf-8")

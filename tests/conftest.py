"""What a test may ask of the machine it runs on."""

from __future__ import annotations

import importlib
import os
import shutil
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from types import ModuleType

IN_CI = os.environ.get("CI", "").lower() not in {"", "0", "false"}

# no deadline: a busy machine is no defect of a formula
# the same examples each time, so that a run tells of the change and not of the dice; SHAPECALC_PROGRAMS, however many, throws them anew
settings.register_profile("house", deadline=None, derandomize="SHAPECALC_PROGRAMS" not in os.environ, print_blob=True)
settings.load_profile("house")

# half of the integers that hypothesis draws are below 2^16: a long run has a beginning of its own, or it would meet the same programs again
RUN = int.from_bytes(os.urandom(3), "big") << 32 if "SHAPECALC_PROGRAMS" in os.environ else 0
SEEDS = st.integers(RUN, RUN + 2**32 - 1)


def missing(what: str) -> NoReturn:
    """Skips the test and says why; where everything is meant to be installed (CI is set) it fails instead."""
    if IN_CI:
        pytest.fail(f"{what} is missing, and CI is set", pytrace=False)
    pytest.skip(f"{what} is missing")


def require(*programs: str) -> str:
    """The path of the first of these programs that is installed: ``require("chromium", "google-chrome")``."""
    for program in programs:
        if path := shutil.which(program):
            return path
    missing(" or ".join(programs))


def require_module(name: str) -> ModuleType:
    """Such a module, imported: ``torch = require_module("torch")``."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != name.partition(".")[0]:
            raise
    missing(f"the module {name}")

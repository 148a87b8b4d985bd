"""A Dask cluster as the executor: it is Dask that hands out the work, and does again what a worker that died was doing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Executor
from importlib import import_module
from typing import Any

from ..errors import InputProblem

PATIENCE = "5s"


@contextlib.contextmanager
def cluster(address: str) -> Iterator[tuple[Executor, int]]:
    """The executor of a running cluster, and how many tasks it works on at a time. Its workers need the same shapecalc."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise InputProblem("--dask needs dask.distributed", hint="pip install 'shapecalc[cluster]'") from None
    try:
        distributed.comm.resolve_address(address)  # a client that cannot be made at all complains once more when it is taken away
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise InputProblem(f"there is no Dask scheduler at {address}: {error}", hint="dask scheduler prints its address") from None
    with client:
        workers = sum(client.nthreads().values())
        executor: Executor = client.get_executor(pure=False)
        try:
            yield executor, max(1, workers)
        finally:
            executor.shutdown(wait=False)  # what is under way is cancelled: nobody waits for it any more

"""The one place where XLA is set up: what a lane trains on.

An accelerator is used as JAX finds it. On a CPU every lane has an XLA client of its own with one
thread. The lanes of one client would share its threads, among which XLA splits large products:
they would wait for each other, and the order of a sum, and with it the bits of a result, would
depend on how many cores there are. JAX's own client is left to whoever else uses JAX in this
process.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import jax
from jaxlib import xla_client

from paribus.store.caches import own_cache

_THREADS = "NPROC"
"""The environment variable by which a client decides how many threads it has."""
_MAKING = threading.Lock()


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def devices(cores: int | None = None) -> list[Any]:
    """The devices to train on, one lane each, the same at every call; starts JAX's backend.

    `cores` limits their number; default: all accelerators, else one device for each usable core.
    """
    found = _accelerators()
    count = len(found) or usable_cores()
    return [device(number) for number in range(min(count, cores or count))]


def device(number: int) -> Any:
    """The device of the lane of this number; of more lanes than devices, several have one."""
    found = _accelerators()
    if found:
        return found[number % len(found)]
    with _MAKING:
        return _one_thread_device(number % usable_cores())


def _accelerators() -> list[Any]:
    _keep_compiled_programs()
    return [one for one in jax.local_devices() if one.platform != "cpu"]


@cache
def _one_thread_device(number: int) -> Any:  # noqa: ARG001 - each is another one
    with _threads(1):
        # Whoever asks it for something does that in its own thread: there is no queue to wait in.
        client = xla_client.make_cpu_client(asynchronous=False, num_devices=1)
    return client.local_devices()[0]


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Inside, a new client has so many threads."""
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = str(count)
    try:
        yield
    finally:
        del os.environ[_THREADS]
        if before is not None:
            os.environ[_THREADS] = before


def _keep_compiled_programs() -> None:
    """Compiled programs, which are native code, are kept between processes."""
    if jax.config.jax_compilation_cache_dir is None:  # pyright: ignore[reportAttributeAccessIssue] - defined at run time
        folder = own_cache("compiled")
        if folder is not None:
            jax.config.update("jax_compilation_cache_dir", str(folder))
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)

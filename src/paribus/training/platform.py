"""The one place where XLA, BLAS and LAPACK are set up: what a lane trains on.

An accelerator is used as JAX finds it. On a CPU every lane has an XLA client of its own with one
thread. The lanes of one client would share its threads, among which XLA splits large products:
they would wait for each other, and the order of a sum, and with it the bits of a result, would
depend on how many cores there are. JAX's own client is left to whoever else uses JAX in this
process. What LAPACK decomposes, for NumPy and on a CPU for JAX, depends on the threads of BLAS,
which all lanes share: while a study is trained, there is one.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any

import jax
from threadpoolctl import threadpool_limits

from paribus.errors import ParibusError
from paribus.store.caches import own_cache

_THREADS = "NPROC"
"""The environment variable by which a client decides how many threads it has."""
_MAKING = threading.Lock()
ONE_THREAD_OF_BLAS = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1"
)
"""The environment of a process whose BLAS and LAPACK have one thread, as `one_thread_of_blas`."""


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def devices(cores: int | None = None) -> list[Any]:
    """The devices to train on, one lane each, the same at every call; starts JAX's backend.

    `cores` limits their number; default: all accelerators, else one device for each usable core.
    """
    return [device(number) for number in range(count_lanes(cores))]


def count_lanes(cores: int | None = None) -> int:
    """How many lanes there are, at most so many."""
    count = len(_accelerators()) or usable_cores()
    return min(count, cores or count)


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
    # JAX has no public call for this. Whoever asks such a client for something does that in its
    # own thread: there is no queue to wait in.
    try:
        from jaxlib.xla_client import make_cpu_client  # noqa: PLC0415 - see below

        with _threads(1):
            client = make_cpu_client(asynchronous=False, num_devices=1)
    except (ImportError, TypeError) as error:
        raise ParibusError(
            f"JAX {jax.__version__} makes no client of one thread when asked as older versions "
            f"are ({error}). Install an older version of JAX, and tell us"
        ) from None
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


def one_thread_of_blas() -> AbstractContextManager[object]:
    """Inside, BLAS and LAPACK of NumPy and SciPy, which JAX uses on a CPU, have one thread.

    In the whole process; to be entered and left by one thread. Those loaded by now: SciPy's is,
    which draws our random numbers.
    """
    return threadpool_limits(1, user_api="blas")


def _keep_compiled_programs() -> None:
    """Compiled programs, which are native code, are kept between processes."""
    if jax.config.jax_compilation_cache_dir is None:  # pyright: ignore[reportAttributeAccessIssue] - defined at run time
        folder = own_cache("compiled")
        if folder is not None:
            jax.config.update("jax_compilation_cache_dir", str(folder))
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)

"""The one place where XLA is set up: before JAX starts its backend, and as the user wants it.

On CPUs there is one XLA host device per core. Their number is also that of XLA's threads, among
which it splits large products: it is the same for all lanes of a process, and whatever `cores` is
asked for, since the order of a sum, and with it the bits of a result, depends on it.
"""

import os
from typing import Any

import jax

from paribus.store.caches import own_cache

ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"
DEVICE_COUNT = "--xla_force_host_platform_device_count"


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def xla_flags() -> str:
    """XLA's flags as we want them, with those that the user has set in `XLA_FLAGS` as they are.

    A process elsewhere that trains with the same flags comes to the same bits.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    for flag in (ONE_THREAD, f"{DEVICE_COUNT}={usable_cores()}"):
        if flag.split("=")[0] not in flags:
            flags = f"{flags} {flag}".strip()
    return flags


def devices(cores: int | None = None) -> list[Any]:
    """The devices to train on, one lane each; starts JAX's backend where it has not started.

    `cores` limits the CPU lanes; default: all usable cores. A backend that is already running is
    left as it is.
    """
    os.environ["XLA_FLAGS"] = xla_flags()
    _keep_compiled_programs()
    found = jax.local_devices()
    return found[:cores] if cores else found


def _keep_compiled_programs() -> None:
    """Compiled programs, which are native code, are kept between processes."""
    if jax.config.jax_compilation_cache_dir is None:  # pyright: ignore[reportAttributeAccessIssue] - defined at run time
        folder = own_cache("compiled")
        if folder is not None:
            jax.config.update("jax_compilation_cache_dir", str(folder))
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)

"""The one place where XLA is set up: before JAX starts its backend, and as the user wants it.

On CPUs there is one XLA host device per core. Their number is also that of XLA's threads, among
which it splits large products: it is the same for all lanes of a process, and whatever `cores` is
asked for, since the order of a sum, and with it the bits of a result, depends on it.
"""

import os
from pathlib import Path
from typing import Any

import jax
from platformdirs import user_cache_path

ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"
DEVICE_COUNT = "--xla_force_host_platform_device_count"


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def devices(cores: int | None = None) -> list[Any]:
    """The devices to train on, one lane each; starts JAX's backend where it has not started.

    `cores` limits the CPU lanes; default: all usable cores. Flags that the user has set in
    `XLA_FLAGS`, and a backend that is already running, are left as they are.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    for flag in (ONE_THREAD, f"{DEVICE_COUNT}={usable_cores()}"):
        if flag.split("=")[0] not in flags:
            flags = f"{flags} {flag}".strip()
    os.environ["XLA_FLAGS"] = flags
    _keep_compiled_programs()
    found = jax.local_devices()
    return found[:cores] if cores else found


def _keep_compiled_programs() -> None:
    """Compiled programs are kept between processes, in a folder that is the user's alone."""
    if jax.config.jax_compilation_cache_dir is None:  # pyright: ignore[reportAttributeAccessIssue] - defined at run time
        folder = user_cache_path("paribus") / "compiled"
        if _own_folder(folder):
            jax.config.update("jax_compilation_cache_dir", str(folder))
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def _own_folder(folder: Path) -> bool:
    """Whether the folder is there, the user's own, and closed to others: it holds native code."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        return folder.stat().st_uid == os.getuid()
    except OSError:
        return False  # a machine without a home to write to still trains

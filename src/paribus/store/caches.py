"""What is kept between processes, in folders that are the user's alone."""

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_path(name: str) -> Path:
    """Where a folder of the user's cache is, whether or not it is there."""
    return user_cache_path("paribus", appauthor=False) / name


def own_cache(name: str) -> Path | None:
    """A folder of the user's cache, made and closed to others: what it holds is run.

    None where there is none to be had: a machine without a home to write to still works.
    """
    folder = cache_path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        return folder if folder.stat().st_uid == os.getuid() else None
    except OSError:
        return None

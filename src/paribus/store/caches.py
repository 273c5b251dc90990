"""What is kept between processes, in folders that are the user's alone."""

import os
from pathlib import Path

from platformdirs import user_cache_path


def own_cache(name: str) -> Path | None:
    """A folder of the user's cache, made and closed to others: what it holds is run.

    None where there is none to be had: a machine without a home to write to still works.
    """
    folder = user_cache_path("paribus", appauthor=False) / name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        return folder if folder.stat().st_uid == os.getuid() else None
    except OSError:
        return None

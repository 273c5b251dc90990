"""What `paribus eject` does: finds a run, writes its script and files, says where they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paribus.cli.screen import Screen
from paribus.data.base import Source
from paribus.interop.eject import eject
from paribus.interop.stored import find_run
from paribus.store.lab import Lab


def eject_run(typed: str, lab: Lab, folder: Path | None, source: Source) -> dict[str, Any]:
    """Ejects the run whose key begins with what was typed; `paribus eject --json` prints this.

    Without a folder it is `run-` and the first digits of the key, in the current one.
    """
    run = find_run(lab, typed)
    folder = folder or Path(f"run-{run.stored.key[:8]}")
    files = eject(run, source, folder)
    return {
        "run": run.stored.key,
        "folder": str(folder),
        "files": [path.name for path in files],
    }


def show_ejected(row: dict[str, Any]) -> None:
    """Says which files there are now, and how to run them."""
    out = Screen(soft_wrap=True)
    folder, (script, *beside) = row["folder"], row["files"]
    out.print(f"{folder}: {script}, with {_listed(beside)}")
    out.print(f"Run it with: python {Path(folder) / script}")


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"

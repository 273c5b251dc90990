"""Tidy tables as files for other programs."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from paribus.errors import ParibusError, UnknownNameError
from paribus.results.tidy import StudyResults


def _csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False)


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {"csv": _csv, "parquet": _parquet}
FORMATS = tuple(_WRITERS)


def export(results: StudyResults, path: Path, format: str) -> tuple[Path, ...]:
    """Write the tidy tables and return the files written.

    `path` gets the metrics (factors, replicate, epoch, metric, value); beside it
    `<stem>-runs<suffix>` gets the runs and, where layers were measured, `<stem>-layers<suffix>`
    those numbers. Each file is replaced whole or not at all. Raises `UnknownNameError` for an
    unknown format, `ParibusError` where the folder cannot be written.
    """
    if format not in _WRITERS:
        raise UnknownNameError("export format", format, FORMATS)
    tables = {path: results.metrics, path.with_stem(f"{path.stem}-runs"): results.runs}
    if not results.layers.empty:
        tables[path.with_stem(f"{path.stem}-layers")] = results.layers
    for target, frame in tables.items():
        try:
            _replace(target, frame, _WRITERS[format])
        except OSError as error:
            raise ParibusError(
                f"cannot write {target}: {error.strerror}. Choose a folder that can be written"
            ) from error
    return tuple(tables)


def _replace(
    target: Path, frame: pd.DataFrame, write: Callable[[pd.DataFrame, Path], None]
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    part = Path(name)
    try:
        write(frame, part)
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)

"""Tidy tables as files for other programs."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from paribus.errors import ParibusError, UnknownNameError
from paribus.outgoing import no_formula, shareable
from paribus.results.tidy import StudyResults


def _csv(frame: pd.DataFrame, path: Path) -> None:
    _told(frame, no_formula).to_csv(path, index=False)


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)


def _told(frame: pd.DataFrame, tell: Callable[[str], str]) -> pd.DataFrame:
    """The table with its texts, heads included, as they are told; numbers are left alone."""

    def column(values: pd.Series) -> pd.Series:
        if pd.api.types.is_numeric_dtype(values.dtype):
            return values
        return values.map(lambda one: tell(one) if isinstance(one, str) else one)

    return pd.DataFrame({tell(str(name)): column(values) for name, values in frame.items()})


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {"csv": _csv, "parquet": _parquet}
FORMATS = tuple(_WRITERS)


def export(results: StudyResults, path: Path, format: str) -> tuple[Path, ...]:
    """Write the tidy tables and return the files written.

    `path` gets the metrics (factors, replicate, epoch, metric, value); beside it
    `<stem>-runs<suffix>` gets the runs and, where layers were measured, `<stem>-layers<suffix>`
    those numbers. Home folders in labels are written `~`; in CSV, a text that a spreadsheet would
    compute has an apostrophe before it. Each file is replaced whole or not at all. Raises
    `UnknownNameError` for an unknown format, `ParibusError` where the folder cannot be written.
    """
    if format not in _WRITERS:
        raise UnknownNameError("export format", format, FORMATS)
    tables = {path: results.metrics, path.with_stem(f"{path.stem}-runs"): results.runs}
    if not results.layers.empty:
        tables[path.with_stem(f"{path.stem}-layers")] = results.layers
    for target, frame in tables.items():
        try:
            _replace(target, _told(frame, shareable), _WRITERS[format])
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

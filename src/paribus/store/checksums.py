"""Checksums of rows: every column that can be read is covered, so that no flipped bit is served.

A row's content (arrays, weights) has a CRC-32 of its own, by which weights are compared too. The
row's checksum covers the other columns, that CRC-32, and the key of the run that the row belongs
to. It is computed of columns as they are stored, JSON as text, and verified whenever a row is
read. Rows written before there were such checksums have none, and are taken as they are.
"""

import json
import zlib
from typing import Any, Never

from sqlalchemy import ColumnElement, LargeBinary, Row, Table, Text, type_coerce
from sqlalchemy.types import NullType

from paribus.errors import DamagedLabError
from paribus.store.schema import Document

Columns = tuple[object, ...]
"""What a checksum covers, in a fixed order."""


def row_checksum(columns: Columns) -> int:
    """CRC-32 of columns as text, whatever their types: a damaged row may hold any."""
    return zlib.crc32("\0".join(map(str, columns)).encode("utf-8", "surrogatepass"))


def verify(row: Row[Any], columns: Columns, what: str) -> None:
    """Raises `DamagedLabError` where these columns are not those that the row was stored with."""
    stored = row.checksum
    if stored is not None and stored != row_checksum(columns):
        refuse(what)


def verified_content(row: Row[Any], what: str) -> bytes:
    """The row's content; raises `DamagedLabError` where it does not match its CRC-32."""
    if not is_whole(row):
        refuse(what)
    return row.content


def is_whole(row: Row[Any]) -> bool:
    """Whether the row's content matches its CRC-32."""
    content = row.content
    return isinstance(content, bytes) and zlib.crc32(content) == row.crc32


def parsed(text: Any, what: str) -> Any:
    """What JSON text of the store holds; raises `DamagedLabError` where it is none."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        refuse(what)


def as_stored(table: Table) -> list[ColumnElement[Any]]:
    """The columns of a table for a query, documents as text and content as it comes."""
    return [_untouched(column) for column in table.columns]


def refuse(what: str) -> Never:
    """Raises the error of something damaged; `what` begins the sentence."""
    raise DamagedLabError(
        f"{what} is damaged: it does not match its checksum. `paribus check` finds what else is, "
        "and `paribus check --repair` makes it again."
    )


def _untouched(column: ColumnElement[Any]) -> ColumnElement[Any]:
    # Damaged text need not be JSON, and a damaged blob need not be one: `bytes` of a large
    # integer would take that much memory.
    match column.type:
        case Document():
            return type_coerce(column, Text).label(column.key)
        case LargeBinary():
            return type_coerce(column, NullType()).label(column.key)
        case _:
            return column

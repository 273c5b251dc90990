"""Labs as earlier versions of Paribus left them."""

import sqlite3
from contextlib import closing

from paribus.store.catalogue import FILE
from paribus.store.migrations import APPLICATION_ID, MIGRATIONS
from paribus.store.schema import METADATA


def of_schema(version, today, old):
    """A new lab of an older schema, with what a lab of today holds and it has room for."""
    old.mkdir(parents=True)
    with closing(sqlite3.connect(old / FILE)) as connection:
        for statement in (line for migration in MIGRATIONS[:version] for line in migration):
            connection.execute(statement)
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        connection.execute("ATTACH ? AS today", [str(today / FILE)])
        for table in names & {table.name for table in METADATA.sorted_tables}:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            chosen = ", ".join(f'"{column}"' for column in columns)
            copied = f"SELECT {chosen} FROM today.{table}"
            connection.execute(f"INSERT INTO {table} ({chosen}) {copied}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()
    return old

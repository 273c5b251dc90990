"""The store's schema and its history: a list of migrations that is only ever appended to.

On PostgreSQL a store starts at the newest (`paribus.store.schema`), and with the fifth at the
earliest: migrations after it run on both, so they are written in what both understand.

On SQLite `PRAGMA user_version` is the number of migrations that a store has been through, and
`PRAGMA application_id` tells a store of ours from any other SQLite database.
"""

from sqlalchemy import Connection

from paribus.errors import SchemaError

APPLICATION_ID = 0x70617269  # "pari" in ASCII

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            recipe TEXT NOT NULL,
            replicate INTEGER NOT NULL,
            fingerprint TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('finished', 'diverged')),
            diverged_epoch INTEGER,
            parameters INTEGER NOT NULL,
            provenance TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE measurements (
            run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            position INTEGER NOT NULL,
            dims TEXT NOT NULL,
            coords TEXT NOT NULL,
            crc32 INTEGER NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (run_id, name)
        )
        """,
        """
        CREATE TABLE artifacts (
            run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            crc32 INTEGER NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (run_id, name)
        )
        """,
        """
        CREATE TABLE studies (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            scale TEXT NOT NULL,
            document TEXT NOT NULL,
            UNIQUE (name, scale)
        )
        """,
        # A study as last planned. Two members may share a run: levels that come to one recipe.
        """
        CREATE TABLE members (
            study_id INTEGER NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            run_key TEXT NOT NULL,
            condition TEXT NOT NULL,
            replicate INTEGER NOT NULL,
            PRIMARY KEY (study_id, position)
        ) WITHOUT ROWID
        """,
        # Every run that a study has ever planned, so that removing the study finds them all.
        """
        CREATE TABLE study_runs (
            study_id INTEGER NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
            run_key TEXT NOT NULL,
            PRIMARY KEY (study_id, run_key)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX study_runs_by_key ON study_runs (run_key)",
        """
        CREATE TABLE failures (
            run_key TEXT PRIMARY KEY,
            message TEXT NOT NULL,
            failed_at TEXT NOT NULL
        ) WITHOUT ROWID
        """,
    ),
    (
        # Of a run in training: what it needs to go on. Gone when the run is stored.
        """
        CREATE TABLE checkpoints (
            run_key TEXT PRIMARY KEY,
            crc32 INTEGER NOT NULL,
            content BLOB NOT NULL
        )
        """,
    ),
    (
        # Measurements say which probe took them: "" for what every run measures. One quantity
        # can be measured by two probes, at other epochs. Those from before are of no known probe.
        """
        CREATE TABLE measurements_of_probes (
            run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            probe TEXT NOT NULL,
            position INTEGER NOT NULL,
            dims TEXT NOT NULL,
            coords TEXT NOT NULL,
            crc32 INTEGER NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (run_id, name, probe)
        )
        """,
        """
        INSERT INTO measurements_of_probes
        SELECT run_id, name, '', position, dims, coords, crc32, content FROM measurements
        """,
        "DROP TABLE measurements",
        "ALTER TABLE measurements_of_probes RENAME TO measurements",
        # Which probes a run has been through, whether or not they measured anything.
        """
        CREATE TABLE probed (
            run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            probe TEXT NOT NULL,
            PRIMARY KEY (run_id, probe)
        ) WITHOUT ROWID
        """,
        # What was computed of several runs of a study; `identity` says of which, and how.
        """
        CREATE TABLE analyses (
            study_id INTEGER NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            identity TEXT NOT NULL,
            position INTEGER NOT NULL,
            dims TEXT NOT NULL,
            coords TEXT NOT NULL,
            crc32 INTEGER NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (study_id, name)
        )
        """,
    ),
    (
        # What was registered of studies, whether or not they are still in the lab: rows are added
        # and never touched again. `salt` is 0 where nothing is salted with the registration.
        """
        CREATE TABLE registrations (
            id INTEGER PRIMARY KEY,
            study TEXT NOT NULL,
            scale TEXT NOT NULL,
            digest TEXT NOT NULL,
            content TEXT NOT NULL,
            at TEXT NOT NULL,
            ahead INTEGER NOT NULL,
            salt INTEGER NOT NULL
        )
        """,
        """
        CREATE TRIGGER registrations_stay BEFORE UPDATE ON registrations
        BEGIN SELECT RAISE(ABORT, 'registrations are never changed'); END
        """,
        """
        CREATE TRIGGER registrations_are_kept BEFORE DELETE ON registrations
        BEGIN SELECT RAISE(ABORT, 'registrations are never deleted'); END
        """,
    ),
    (
        # Which driver trains a run now. A lease says nothing once its run is stored.
        """
        CREATE TABLE leases (
            run_key TEXT PRIMARY KEY,
            driver TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        "CREATE INDEX leases_by_driver ON leases (driver)",
        # Who trains in this lab: `beats` is counted up about once a second, `beat_at` is when
        # (seconds since 1970 by the database's clock), for people alone.
        """
        CREATE TABLE drivers (
            id TEXT PRIMARY KEY,
            beats INTEGER NOT NULL,
            beat_at REAL NOT NULL,
            document TEXT NOT NULL
        ) WITHOUT ROWID
        """,
    ),
    (
        # Checksums of whole rows (`paribus.store.checksums`), none for those from before. Of a
        # study it covers its members; `parts` counts the rows of other tables that a run has.
        "ALTER TABLE runs ADD COLUMN parts INTEGER",
        "ALTER TABLE runs ADD COLUMN checksum BIGINT",
        "ALTER TABLE measurements ADD COLUMN checksum BIGINT",
        "ALTER TABLE artifacts ADD COLUMN checksum BIGINT",
        "ALTER TABLE probed ADD COLUMN checksum BIGINT",
        "ALTER TABLE studies ADD COLUMN checksum BIGINT",
        "ALTER TABLE analyses ADD COLUMN checksum BIGINT",
        "ALTER TABLE registrations ADD COLUMN checksum BIGINT",
    ),
    (
        # What tables are made of, one row for each run; none for runs from before. `last` has an
        # epoch and a value for each of the `series`, as hexadecimal digits of float64.
        """
        CREATE TABLE finals (
            run_id INTEGER NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
            status TEXT NOT NULL,
            series TEXT NOT NULL,
            last TEXT NOT NULL,
            checksum BIGINT NOT NULL
        )
        """,
    ),
)
LATEST = len(MIGRATIONS)


def schema_version(connection: Connection, where: str) -> int:
    """The store's schema version: 0 for an empty database.

    Raises `SchemaError` for a newer schema than `LATEST`, and for a database of something else.
    """
    version = _pragma(connection, "user_version")
    if _pragma(connection, "application_id") != APPLICATION_ID:
        if _pragma(connection, "schema_version") or version:
            raise SchemaError(
                f"{where} is an SQLite database of some other program. Use another --lab."
            )
        return 0
    check_version(version, where)
    return version


def check_version(version: int, where: str) -> None:
    """Raise `SchemaError` for a store of a newer schema than `LATEST`."""
    if version > LATEST:
        raise SchemaError(
            f"{where} has schema {version}; this paribus reads up to {LATEST}. "
            "Upgrade paribus or use another --lab."
        )


def statements_after(version: int) -> list[str]:
    """What brings a store of this version to `LATEST`."""
    return [statement for migration in MIGRATIONS[version:] for statement in migration]


def migrate(connection: Connection, where: str) -> None:
    """Bring the store to `LATEST`; `connection` is in a transaction that holds the write lock.

    The version is read inside that transaction, so of two processes that open a new lab at once
    one migrates and the other finds it done.
    """
    version = schema_version(connection, where)
    for statement in statements_after(version):
        connection.exec_driver_sql(statement)
    if version < LATEST:
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.exec_driver_sql(f"PRAGMA user_version = {LATEST}")


def _pragma(connection: Connection, name: str) -> int:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()

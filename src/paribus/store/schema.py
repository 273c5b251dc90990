"""The store's tables as queries see them.

They are made by `paribus.store.migrations`, not from here: a migration, once released, never
changes, while these follow the newest. A test compares the two.
"""

from sqlalchemy import JSON, Boolean, Column, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

RUNS = Table(
    "runs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("key", Text),
    Column("recipe", JSON),
    Column("replicate", Integer),
    Column("fingerprint", Text),
    Column("status", Text),
    Column("diverged_epoch", Integer),
    Column("parameters", Integer),
    Column("provenance", JSON),
)

MEASUREMENTS = Table(
    "measurements",
    METADATA,
    Column("run_id", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("probe", Text, primary_key=True),
    Column("position", Integer),
    Column("dims", JSON),
    Column("coords", JSON),
    Column("crc32", Integer),
    Column("content", LargeBinary),
)

PROBED = Table(
    "probed",
    METADATA,
    Column("run_id", Integer, primary_key=True),
    Column("probe", Text, primary_key=True),
)

ARTIFACTS = Table(
    "artifacts",
    METADATA,
    Column("run_id", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("crc32", Integer),
    Column("content", LargeBinary),
)

STUDIES = Table(
    "studies",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("scale", Text),
    Column("document", JSON),
)

MEMBERS = Table(
    "members",
    METADATA,
    Column("study_id", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("run_key", Text),
    Column("condition", JSON),
    Column("replicate", Integer),
)

STUDY_RUNS = Table(
    "study_runs",
    METADATA,
    Column("study_id", Integer, primary_key=True),
    Column("run_key", Text, primary_key=True),
)

ANALYSES = Table(
    "analyses",
    METADATA,
    Column("study_id", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("identity", Text),
    Column("position", Integer),
    Column("dims", JSON),
    Column("coords", JSON),
    Column("crc32", Integer),
    Column("content", LargeBinary),
)

CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    Column("run_key", Text, primary_key=True),
    Column("crc32", Integer),
    Column("content", LargeBinary),
)

FAILURES = Table(
    "failures",
    METADATA,
    Column("run_key", Text, primary_key=True),
    Column("message", Text),
    Column("failed_at", Text),
)

REGISTRATIONS = Table(
    "registrations",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("study", Text),
    Column("scale", Text),
    Column("digest", Text),
    Column("content", JSON),
    Column("at", Text),
    Column("ahead", Boolean),
    Column("salt", Integer),
)

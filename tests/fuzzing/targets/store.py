"""Stores: whole SQLite files, opened and read as `status`, `table` and `diff` read them."""

import sqlite3
from dataclasses import replace
from pathlib import Path

from fuzzing.sandbox import fresh, scratch, told
from paribus.claims.findings import findings
from paribus.errors import ParibusError
from paribus.results.dataset import to_dataset
from paribus.results.load import load_results
from paribus.results.table import metric_names, table
from paribus.store.catalogue import FILE, Catalogue
from paribus.store.migrations import statements_after
from results.example_studies import ACTIVATIONS, activation_runs, entry


def target(content: bytes) -> None:
    lab = fresh("lab")
    (lab / FILE).write_bytes(content)
    with told(ParibusError), Catalogue.open(lab, create=False) as catalogue:
        for study in catalogue.studies()[:3]:
            with told(ParibusError):
                _read(catalogue, study.name, study.scale)
    with told(ParibusError), Catalogue.open(lab, create=True) as catalogue:
        _look(catalogue)


def _read(catalogue: Catalogue, name: str, scale: str) -> None:
    results = load_results(catalogue, name, scale)
    table(results, metric_names(results)[:2])
    to_dataset(results)
    findings(results)
    catalogue.registrations(name, scale)


def _look(catalogue: Catalogue) -> None:
    keys = [member.key for study in catalogue.studies() for member in study.members][:50]
    list(catalogue.summaries(keys))
    catalogue.failures(keys)
    catalogue.checkpoints(keys)
    catalogue.probed(keys)
    for key in keys[:2]:
        with told(ParibusError):
            catalogue.run(key)


def _stored(page: int = 1024) -> bytes:
    """The file of a small store, in pages so small that a change meets something that is used."""
    lab = fresh("seed")
    made = entry([{**ACTIVATIONS, "labels": ACTIVATIONS["labels"][:2]}], 2)
    *runs, last = activation_runs(made)
    with Catalogue.open(lab, create=True) as catalogue:
        catalogue.put_study(made)
        for run in runs:
            catalogue.add_run(replace(run, artifacts={"weights.safetensors": b"weights"}))
        catalogue.record_failure(last.key, "no memory")
        catalogue.put_checkpoint(last.key, b"state")
    _altered(lab / FILE, "PRAGMA journal_mode = DELETE", f"PRAGMA page_size = {page}", "VACUUM")
    return (lab / FILE).read_bytes()


def _altered(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def changed(*statements: str) -> bytes:
    """The store after somebody has changed something in it."""
    path = scratch() / "changed.sqlite"
    path.write_bytes(WHOLE)
    _altered(path, *statements)
    return path.read_bytes()


WHOLE = _stored()
SUMS = ("runs", "measurements", "artifacts", "studies", "registrations")
UNCHECKED = tuple(f"UPDATE {table} SET checksum = NULL" for table in SUMS)


def unchecked(*statements: str) -> bytes:
    """The same, as somebody would do it who wants it to be read: without checksums of rows."""
    return changed("DROP TRIGGER registrations_stay", *UNCHECKED, *statements, STAY)


def sparse(size: int, parts: dict[int, bytes]) -> bytes:
    """So many bytes, all of them 0 but these, by their place."""
    content = bytearray(size)
    for place, part in parts.items():
        content[place : place + len(part)] = part
    return bytes(content)


STAY = next(text for text in statements_after(0) if "registrations_stay" in text)
SEEDS = (WHOLE, unchecked())
REGRESSIONS = {
    "nothing": b"",
    "a header alone": WHOLE[:100],
    "half of it": WHOLE[: len(WHOLE) // 2],
    "a table of a name that is no text": WHOLE.replace(b"tablerunsruns", b"table\xb7unsruns"),
    "a table of a name that cannot be shown": WHOLE.replace(b"tablerunsruns", b"table\x1bunsruns"),
    "pages of zeros": WHOLE[:2048] + bytes(len(WHOLE) - 2048),
    "a document that is no JSON": unchecked("UPDATE studies SET document = '{'"),
    "a document of a number": unchecked("UPDATE studies SET document = '7'"),
    "a document without factors": unchecked("UPDATE studies SET document = '{}'"),
    "a document nested 100,000 deep": changed(f"UPDATE studies SET document = '{'[' * 100_000}'"),
    "a document that is no text": unchecked("UPDATE studies SET document = x'ff'"),
    "a name that is no text": unchecked("UPDATE studies SET name = x'ff'"),
    "a name that is no UTF-8": unchecked("UPDATE studies SET name = CAST(x'ff' AS TEXT)"),
    "claims of a number": unchecked(
        "UPDATE studies SET document = json_set(document, '$.claims', 7)"
    ),
    "claims of words": unchecked(
        "UPDATE studies SET document = json_set(document, '$.claims', json('[\"x\"]'))"
    ),
    "a claim of a kind that is not there": unchecked(
        "UPDATE studies SET document = json_set(document, '$.claims', json('[{\"kind\": \"x\"}]'))"
    ),
    "a registration of a number": unchecked(
        "UPDATE studies SET document = json_set(document, '$.registration', 7)"
    ),
    "a recipe that is no JSON": unchecked("UPDATE runs SET recipe = ''"),
    "parameters in words": unchecked("UPDATE runs SET parameters = 'many'"),
    "dims of a number": unchecked("UPDATE measurements SET dims = '7'"),
    "dims of other names": unchecked('UPDATE measurements SET dims = \'["x", "y"]\''),
    "coords of a number": unchecked("UPDATE measurements SET coords = '7'"),
    "a condition of a list": unchecked("UPDATE members SET condition = '[]'"),
    "a condition of another factor": unchecked('UPDATE members SET condition = \'{"x": "1"}\''),
    "a replicate in words": unchecked("UPDATE members SET replicate = 'first'"),
    "content of words": unchecked("UPDATE measurements SET content = 'words'"),
    "a table that is gone": changed("DROP TABLE failures"),
    "a table without a column": changed("ALTER TABLE runs DROP COLUMN recipe"),
    "a view in place of a table": changed(
        "DROP TABLE failures",
        "CREATE VIEW failures AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i AS run_key, i AS message, i AS failed_at FROM n",
    ),
    "a trigger": changed(
        "CREATE TRIGGER more AFTER INSERT ON runs BEGIN DELETE FROM studies; END"
    ),
    "a document that was changed under its checksum": changed(
        "UPDATE studies SET document = replace(document, 'relu', 'tanh')"
    ),
    "more test examples than bits": unchecked(
        "UPDATE runs SET provenance = json_set(provenance, '$.examples.test', 1099511627776)",
        "UPDATE artifacts SET name = 'correct'",
    ),
    "an array that is no array": unchecked(
        "UPDATE measurements SET content = x'789c030000000001', crc32 = 3278637884"
    ),
    "a trigger in place of ours": changed(
        "DROP TRIGGER registrations_stay",
        "CREATE TRIGGER registrations_stay AFTER INSERT ON runs BEGIN DELETE FROM studies; END",
    ),
    "a schema before the first": changed("PRAGMA user_version = -1"),
    "a file format that is not there": WHOLE[:44] + b"\0\0\0d" + WHOLE[48:],
    "a length that asks for all memory": sparse(
        9_216,
        {
            0: b"SQLite format 3\0\x04",
            21: b"\x40\x20\x20",
            100: b"\x05\0\0\0\x05",
            112: b"\x03\xfb\x03\xf6",
            1017: b"\x09\0\0\0\0\x08",
            7168: b"\x0d\0\0\0\x04",
            8192: b"\x0d\0\0\0\x04\0\0\0\x02\xd4",
            8916: b"\xff\xff\xff\xff\xff\xff\0\0\x83",
        },
    ),
    "a schema of another program": changed("PRAGMA application_id = 1"),
    "a schema that says it is older": changed("PRAGMA user_version = 1"),
}

"""A study run under a home of a distinctive name: it is never written."""

import os
import sqlite3
import subprocess
import sys

import pytest

from study.example_study import FILE

USER = "adalovelace"
MAIN = "from paribus.cli.app import main; main()"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with a study in it, run, exported and reported there."""
    home = tmp_path_factory.mktemp("root") / "home" / USER
    home.mkdir(parents=True)
    study = home / "tiny.py"
    study.write_text(FILE.format(epochs=1, replicates=2))
    environment = os.environ | {
        "HOME": str(home),
        "USER": USER,
        "LOGNAME": USER,
        "XLA_FLAGS": f"--xla_dump_to={home}/dump --xla_dump_hlo_pass_re=none",
        "PARIBUS_LAB": str(home / "lab"),
    }
    for command in (
        ["run", str(study), "--cores", "1"],
        ["report", "tiny"],
        ["report", "--all"],
        ["export", "tiny", "--output", str(home / "out" / "tiny.csv")],
        ["findings", "tiny", "--format", "markdown", "--output", str(home / "out" / "f.md")],
    ):
        found = subprocess.run(
            [sys.executable, "-c", MAIN, *command],
            cwd=home,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stderr
    return home


def test_no_stored_row_has_the_user_in_it(home):
    with sqlite3.connect(home / "lab" / "paribus.sqlite") as store:
        tables = [name for (name,) in store.execute("select name from sqlite_master")]
        rows = [
            (table, row)
            for table in tables
            if not table.startswith(("sqlite_", "ix_", "idx_"))
            for row in _rows(store, table)
        ]
    assert rows
    named = [table for table, row in rows if USER in repr(row)]
    assert named == []


def _rows(store, table):
    kind = store.execute("select type from sqlite_master where name = ?", [table]).fetchone()
    return store.execute(f'select * from "{table}"') if kind == ("table",) else []


def test_no_written_file_has_the_user_in_it(home):
    folders = (home / "lab", home / "out")
    written = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".html" for path in written)
    assert any(path.suffix == ".csv" for path in written)
    assert [path.name for path in written if USER.encode() in path.read_bytes()] == []

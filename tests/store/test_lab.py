"""What can be typed as a lab, and what is said of the rest; passwords are shown nowhere."""

from dataclasses import replace
from pathlib import Path

import pytest

from paribus.errors import DeclarationError
from paribus.store import SharedLab, find_lab, folder_of

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    "typed", ["lab", "./a:b", "C:/labs", "/labs/50 % ?x=1#2", "postgresql", "x/y"]
)
def test_a_path_is_a_folder(typed):
    assert find_lab(typed) == Path(typed)
    assert folder_of(find_lab(typed)) == Path(typed)


def test_what_is_a_lab_already_stays_one():
    shared = SharedLab("here", "runs")
    assert find_lab(shared) is shared
    assert find_lab(Path("lab")) == Path("lab")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("postgresql://db.example/runs", SharedLab("db.example", "runs")),
        (
            "postgresql://ada:s3cr3t@10.0.0.7:6543/runs",
            SharedLab("10.0.0.7", "runs", 6543, "ada", SECRET),
        ),
        (
            "postgresql://ada%40home:p%40s%2Fs%3A%23%3F%25@db/my%20runs?sslmode=require",
            SharedLab("db", "my runs", 5432, "ada@home", "p@s/s:#?%", (("sslmode", "require"),)),
        ),
        ("postgresql://ada@[::1]:6543/runs", SharedLab("::1", "runs", 6543, "ada")),
    ],
)
def test_an_address_is_a_shared_lab(typed, expected):
    assert find_lab(typed) == expected


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "got nothing; allowed is a folder, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
        ("  ", "got nothing"),
        ("mysql://ada:s3cr3t@db/runs", "an address of the kind 'mysql'; allowed is a folder"),
        ("postgres://ada:s3cr3t@db/runs", "an address of the kind 'postgres'"),
        ("sqlite:///labs/runs.sqlite", "an address of the kind 'sqlite'"),
        ("postgresql:ada:s3cr3t@db/runs", "got postgresql: without the //"),
        ("postgresql:/db/runs", "got postgresql: without the //"),
        ("postgresql://", "it names no host; it names no database"),
        ("postgresql://ada:s3cr3t@db", "it names no database"),
        ("postgresql://ada:s3cr3t@db/", "it names no database"),
        ("postgresql:///runs", "it names no host"),
        ("postgresql://ada:s3cr3t@db:port/runs", "the port is no number from 1 to 65535"),
        ("postgresql://ada:s3cr3t@db:65536/runs", "the port is no number from 1 to 65535"),
        ("postgresql://ada:s3cr3t@db:0/runs", "the port is no number from 1 to 65535"),
        ("postgresql://[db/runs", "the port is no number|cannot be read"),
        ("postgresql://ada:s3/cr3t@db/runs", "the port is no number"),
        ("postgresql://ada:12/s3cr3t@db/runs", "has a '/', '@' or ':'.* write @ as %40"),
        ("postgresql://ada:s3cr3t#1@db/runs", "it has a '#'|the port"),
        ("postgresql://ada:s3cr3t?1@db/runs", "the port, or what follows the \\?"),
        ("postgresql://ada:s3cr3t@db/runs?pass=s3cr3t", "after the \\? only sslmode, sslrootcert"),
        ("postgresql://ada:s3cr3t@db/runs?s3cr3t", "what follows the \\?, cannot be read"),
        ("postgresql://ada:s3cr3t@db/a%00b", "has a '/', '@' or ':'"),
    ],
)
def test_what_cannot_be_a_lab_is_told_without_the_password(typed, told):
    with pytest.raises(DeclarationError, match=told) as raised:
        find_lab(typed)
    assert "--lab: got" in str(raised.value)
    for part in ("s3cr3t", "cr3t", "s3"):
        assert part not in str(raised.value)


def test_neither_password_nor_user_is_shown():
    lab = SharedLab("db", "runs", 6543, "ada", SECRET, (("sslcert", "/home/ada/cert"),))
    assert str(lab) == "postgresql://db:6543/runs"
    assert str(replace(lab, host="::1")) == "postgresql://[::1]:6543/runs"
    for shown in (str(lab), repr(lab), f"{lab}", f"{lab!r}", str([lab])):
        assert "ada" not in shown
        assert SECRET not in shown


@pytest.mark.parametrize(
    ("database", "folder"),
    [("runs", "paribus-lab-runs"), ("../../x", "paribus-lab-.._.._x"), ("è b", "paribus-lab-__b")],
)
def test_a_database_has_a_folder_beside_the_default_lab(database, folder):
    assert folder_of(SharedLab("db", database)) == Path(folder)

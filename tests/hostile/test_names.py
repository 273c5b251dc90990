"""Names, labels and texts of a lab that somebody else has made: none of them does anything."""

import csv
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from hostile import example_texts as texts
from paribus.cli.arguments import command_line
from paribus.outgoing import file_name, is_plain, legible, no_formula, printable, shareable

MAIN = "from paribus.cli.app import main; main()"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A lab some folders deep, so that what leaves it can be seen."""
    folder = tmp_path_factory.mktemp("outer") / "middle" / "lab"
    folder.mkdir(parents=True)
    texts.hostile_lab(folder, (*texts.SCRIPTS[:3], *texts.MARKS[:9]))
    return folder


def paribus(lab, *arguments):
    """What a command prints, run beside the lab."""
    found = subprocess.run(
        [sys.executable, "-c", MAIN, *arguments, "--lab", str(lab)],
        cwd=lab.parent,
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in found.stderr
    assert found.returncode == 0, found.stderr.decode()
    return found.stdout.decode()


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_report_stays_in_its_folder(lab):
    outer = lab.parent.parent
    before = files(outer)
    paribus(lab, "report", texts.NAME)
    made = files(outer) - before
    home = f"middle/lab/reports/{file_name(texts.NAME, '../../../outside')}/"
    assert f"{home}report.html" in made
    assert {one for one in made if not one.startswith(home)} <= {"middle/lab/paribus.sqlite-wal"}
    assert f"{home}charts/final-test-accuracy.svg" in made


def test_the_page_of_all_studies_links_to_a_report_beside_it_and_nowhere_else(lab):
    paribus(lab, "report", texts.NAME)
    page = Path(paribus(lab, "report", "--all").strip())
    assert page == lab / "reports" / "collection" / "collection.html"
    assert "../..%2F" not in page.read_text()
    assert "<svg onload" not in page.read_text()
    assert "&lt;svg onload" in page.read_text()


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_an_export_stays_where_it_is_made(lab, format):
    written = paribus(lab, "export", texts.NAME, "--format", format).splitlines()
    assert len(written) == 3
    for name in written:
        assert (lab.parent / name).is_file()
        assert Path(name).name == name


def test_no_cell_of_an_export_is_a_formula(lab):
    name = paribus(lab, "export", texts.NAME).splitlines()[0]
    with (lab.parent / name).open(newline="") as file:
        rows = list(csv.reader(file))
    labels = {row[0] for row in rows[1:]}
    assert {"'=cmd|' /C calc'!A0", "'+1+1", "'@SUM(A1)"} <= labels
    assert not any(label.startswith(("=", "+", "-", "@")) for label in labels)
    values = [float(row[-1]) for row in rows[1:]]
    assert len(values) == len(rows) - 1


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("table", texts.NAME),
        ("findings", texts.NAME),
        ("findings", "--all"),
        ("table", texts.NAME, "--format", "markdown"),
        ("findings", texts.NAME, "--format", "latex"),
    ],
    ids=" ".join,
)
def test_a_terminal_is_given_no_orders(lab, command):
    out = paribus(lab, *command)
    assert is_plain("".join(out.splitlines()).replace("\t", ""))


def test_csv_on_a_terminal_gives_it_no_orders(lab):
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, "table", texts.NAME, "--format", "csv", "--lab", str(lab)],
        stdout=theirs,
        close_fds=True,
    ) as process:
        os.close(theirs)
        said = b""
        while chunk := _read(ours):
            said += chunk
        assert process.wait() == 0
    os.close(ours)
    assert b"\x1b[2J" not in said
    assert b"\\x1b[2J" in said


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def test_json_of_it_is_json(lab):
    assert json.loads(paribus(lab, "findings", texts.NAME, "--json"))


@pytest.mark.parametrize("text", [*texts.ALL, texts.HALF], ids=ascii)
def test_a_file_name_stays_in_its_folder(text, tmp_path):
    for name in (file_name(text), file_name("a", text), file_name(text, text)):
        assert name == Path(name).name
        assert name not in {"", ".", ".."}
        assert len(name.encode()) <= 120
        (tmp_path / f"{name}.html").touch()
    assert all(path.parent == tmp_path for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("text", [*texts.ALL, texts.HALF], ids=ascii)
def test_what_is_printed_is_plain(text):
    assert is_plain(printable(text).replace("\n", "").replace("\t", ""))
    assert is_plain(legible(text).replace("\n", "").replace("\t", ""))
    shareable(text).encode()


@pytest.mark.parametrize("long", ["/" * 20_000, "a" * 20_000, "a://" * 5_000, "a://b:" * 5_000])
def test_a_long_text_takes_no_longer_than_it_is(long):
    assert len(shareable(long)) <= len(long)  # the square of it would run into the time limit


@pytest.mark.parametrize(
    ("text", "cell"),
    [("-1", "-1"), ("+2.5e-3", "+2.5e-3"), ("-1x", "'-1x"), ("=1", "'=1"), ("a=1", "a=1")],
)
def test_numbers_are_no_formulas(text, cell):
    assert no_formula(text) == cell


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ada:secret@db.example/lab", "postgresql://***@db.example/lab"),
        ("postgresql+psycopg://ada:se/c@ret@db:5432", "postgresql+psycopg://***@db:5432"),
        ("see https://ada@example.org/x", "see https://***@example.org/x"),
        ("postgresql://db/lab?user=x&password=secret", "postgresql://db/lab?user=x&password=***"),
        ("http://example.org:80/a and b@c.example", "http://example.org:80/a and b@c.example"),
    ],
)
def test_no_password_is_shared(text, shown):
    assert shareable({"a": [text]}) == {"a": [shown]}


@pytest.mark.parametrize("text", [*texts.ORDERS, "a b", "x'y"], ids=ascii)
def test_the_command_of_a_report_is_quoted_for_the_shell(text):
    line = command_line("tiny", "full", {"--set": [f"loss={text}"]})
    found = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines()[-1] == f"loss={text}"


def test_the_command_of_a_report_has_no_home_folder_in_it():
    folder = Path.home() / "images"
    assert str(Path.home()) not in command_line("a", "full", {"--set": [f"data.folder={folder}"]})

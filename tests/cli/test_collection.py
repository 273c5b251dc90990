"""`--all` and `--format`: all studies of a lab, and tables for papers, by the command itself."""

import csv
import io
import json
from dataclasses import replace

import pytest

from paribus.store.catalogue import Catalogue
from paribus.study.options import RunOptions
from paribus.study.run import run_plan
from study.example_claims import claiming, planned

FORMATS = {"markdown": "| --- |", "latex": "\\toprule", "csv": ",verdict,"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Holds `tiny` and `other`, which share their runs, and `waiting`, which has none."""
    lab = tmp_path_factory.mktemp("collection") / "lab"
    for study in (claiming(), claiming(name="other", report="A")):
        run_plan(planned(study), RunOptions(lab=lab))
    with Catalogue.open(lab, create=False) as catalogue:
        stored = catalogue.study("tiny", "full")
        members = tuple(one._replace(key=f"not {one.key}") for one in stored.members)
        catalogue.put_study(replace(stored, name="waiting", members=members))
    return lab


def test_the_collection_is_written_into_the_lab(paribus, lab):
    assert paribus("report", "tiny", "--lab", lab).code == 0
    said = paribus("report", "--all", "--lab", lab)
    path = lab / "reports" / "collection" / "collection.html"
    assert (said.code, said.out) == (0, f"{path}\n")
    page = path.read_text(encoding="utf-8")
    assert "4 claims" in page
    assert 'href="../tiny-full/report.html"' in page
    assert "holds no run of study" in page


def test_the_collection_goes_where_it_is_asked_to(paribus, lab, tmp_path):
    said = paribus("report", "--all", "--lab", lab, "--output", tmp_path / "there")
    assert said.out == f"{tmp_path / 'there' / 'collection.html'}\n"
    assert "report.html" not in (tmp_path / "there" / "collection.html").read_text("utf-8")


def test_findings_of_all_studies_are_told_study_by_study(paribus, lab):
    said = paribus("findings", "--all", "--lab", lab)
    assert said.code == 0
    assert [line for line in said.out.splitlines() if "(full)" in line] == [
        "other (full): Which rate?",
        "tiny (full): Which rate?",
    ]
    assert said.err.startswith("no verdicts on waiting (full): this lab holds no run")


def test_findings_of_all_studies_as_json_name_their_study(paribus, lab):
    said = paribus("findings", "--all", "--json", "--lab", lab)
    rows = json.loads(said.out)
    assert [(row["study"], row["scale"]) for row in rows] == [("other", "full")] * 2 + [
        ("tiny", "full")
    ] * 2
    (alone,) = (json.loads(paribus("findings", "tiny", "--json", "--lab", lab).out),)
    assert [row | {"study": "tiny", "scale": "full"} for row in alone] == rows[2:]


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_goes_to_stdout_or_to_a_file(paribus, lab, tmp_path, name):
    for command in ("findings", "table"):
        printed = paribus(command, "tiny", "--format", name, "--lab", lab)
        assert printed.code == 0, printed.err
        assert FORMATS[name] in printed.out or command == "table"
        path = tmp_path / "new" / f"{command}.txt"
        written = paribus(command, "tiny", "--format", name, "--output", path, "--lab", lab)
        assert written.out == f"{path}\n"
        assert path.read_text(encoding="utf-8") == printed.out


@pytest.mark.parametrize(
    ("end", "name"), [("md", "markdown"), ("tex", "latex"), ("csv", "csv"), ("CSV", "csv")]
)
def test_a_file_says_its_format_by_its_end(paribus, lab, tmp_path, end, name):
    path = tmp_path / f"findings.{end}"
    paribus("findings", "tiny", "--output", path, "--lab", lab)
    printed = paribus("findings", "tiny", "--format", name, "--lab", lab)
    assert path.read_text(encoding="utf-8") == printed.out


def test_findings_as_csv_are_those_of_json(paribus, lab):
    told = json.loads(paribus("findings", "tiny", "--json", "--lab", lab).out)
    read = _rows(paribus("findings", "tiny", "--format", "csv", "--lab", lab).out)
    links = [(finding, link) for finding in told for link in finding["links"]]
    assert len(read) == len(links)
    for row, (finding, link) in zip(read, links, strict=True):
        assert row["sentence"] == finding["claim"]
        assert (row["claim_verdict"], row["verdict"]) == (finding["verdict"], link["verdict"])
        assert (row["metric"], row["split"]) == ("test/accuracy", "test")
        unit = "share of replicates" if "count" in link["method"] else "share"
        assert (row["epoch_rule"], row["unit"]) == ("last", unit)
        assert (row["declared"], row["ours"]) == ("registered", "no")
        for name in ("estimate", "low", "high", "p", "p_adjusted"):
            assert (float(row[name]) if row[name] else None) == link[name]
        assert int(row["n"]) == link["n"]


def test_a_table_as_csv_is_that_of_json(paribus, lab):
    told = json.loads(paribus("table", "tiny", "--json", "--lab", lab).out)
    read = _rows(paribus("table", "tiny", "--format", "csv", "--lab", lab).out)
    assert len(read) == len(told) == 8
    for row, one in zip(read, told, strict=True):
        assert row["condition.learning_rate"] == one["condition"]["learning_rate"]
        assert (row["metric"], row["split"]) == (one["metric"], "test")
        assert [float(row[name]) for name in ("mean", "low", "high")] == [
            one[name] for name in ("mean", "low", "high")
        ]
        assert (int(row["n"]), row["confidence"], row["correction"]) == (one["n"], "0.95", "none")


def test_tables_to_read_say_what_their_numbers_are(paribus, lab):
    table = paribus("table", "tiny", "--format", "markdown", "--lab", lab).out
    for words in ("over n finished replicates", "95 %", "not corrected", "Epoch: last", "split"):
        assert words in table
    findings = paribus("findings", "tiny", "--format", "latex", "--lab", lab).out
    for words in ("95 \\% interval", "Holm", "n counts replicates", "points", "last epoch"):
        assert words in findings
    assert "registered" in findings


def _rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


WRONG = {
    "neither study nor all": (
        "report --lab {lab}",
        ["got no study: give one STUDY, or --all", "`paribus status`"],
    ),
    "neither study nor all, for findings": ("findings --lab {lab}", ["got no study"]),
    "study and all": (
        "report tiny --all --lab {lab}",
        ["got study 'tiny' and --all: give one STUDY, or --all alone"],
    ),
    "study and all, for findings": ("findings tiny --all --lab {lab}", ["'tiny' and --all"]),
    "scale and all": (
        "report --all --scale full --lab {lab}",
        ["got --scale full and --all", "Leave one of them out"],
    ),
    "all of no lab": ("report --all --lab {here}/none", ["holds nothing yet", "paribus run"]),
    "findings of all of no lab": ("findings --all --lab {here}/none", ["holds nothing yet"]),
    "all for a table": ("table --all --lab {lab}", ["No such option", "--all"]),
    "unknown study": ("findings tinny --lab {lab}", ["'tinny'; did you mean 'tiny'?"]),
    "folder that cannot be written": (
        "report --all --output {here}/file --lab {lab}",
        ["cannot write {here}/file/collection.html", "Choose a folder that can be written"],
    ),
    "json and format": (
        "findings tiny --json --format csv --lab {lab}",
        ["got --json and --format csv: --json is a format, and goes to stdout"],
    ),
    "json and format, for a table": (
        "table tiny --json --format latex --lab {lab}",
        ["got --json and --format latex"],
    ),
    "json and output": (
        "findings tiny --json --output {here}/x.csv --lab {lab}",
        ["got --json and --output: --json is a format, and goes to stdout"],
    ),
    "misspelt format": (
        "findings tiny --format markdwn --lab {lab}",
        ["no table format named 'markdwn'; did you mean 'markdown'?"],
    ),
    "unknown format": (
        "table tiny --format xls --lab {lab}",
        ["no table format named 'xls'; known: csv, latex, markdown"],
    ),
    "empty format": ("table tiny --format= --lab {lab}", ["no table format named ''"]),
    "file of an unknown end": (
        "findings tiny --output {here}/x.doc --lab {lab}",
        ["no table format named 'doc'; known: csv, latex, markdown"],
    ),
    "file without an end": (
        "findings tiny --output {here}/x --lab {lab}",
        [
            "{here}/x, whose name does not end in a format",
            ".md, .tex or .csv",
            "--format markdown",
        ],
    ),
    "file that is a folder": (
        "table tiny --format csv --output {here} --lab {lab}",
        ["Invalid value for '--output'", "is a directory"],
    ),
    "file that cannot be written": (
        "table tiny --output {here}/file/x.csv --lab {lab}",
        ["cannot write {here}/file/x.csv", "Choose a folder that can be written"],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_typed_wrong_is_told_in_one_message(paribus, lab, tmp_path, name):
    (tmp_path / "file").touch()
    typed, expected = WRONG[name]
    places = {"lab": lab, "here": tmp_path}
    said = paribus(*(word.format(**places) for word in typed.split()))
    assert (said.code, said.out) == (2, ""), said
    assert "Traceback" not in said.err
    for text in expected:
        assert text.format(**places) in said.err
    assert said.err.count("error: ") <= 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]

"""Tables and figures as files."""

import csv
import io
import json

import pytest

from ui.example_lab import SCRIPT

STUDY = "/studies/second/demo"
TABLES = ["means", "findings", "runs", "metrics", "layers"]


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_the_same_in_both_formats(client, table):
    as_csv, as_json = (client.get(f"{STUDY}/tables/{table}.{kind}") for kind in ("csv", "json"))
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert as_csv.headers["content-disposition"] == (
        f'attachment; filename="second-demo-{table}.csv"'
    )
    ours, theirs = rows_of(as_csv), as_json.json()
    assert len(ours) == len(theirs) > 0
    told = [{name: _text(value) for name, value in row.items()} for row in theirs]
    assert told == ours


def _text(value):
    return "" if value is None else str(value)


def test_runs_are_those_that_are_stored(client):
    rows = client.get("/studies/hostile/demo/tables/runs.json").json()
    assert [row["key"] for row in rows] == ["hostile-0", "hostile-1", "hostile-2"]
    assert [row["diverged_epoch"] for row in rows] == [None, 7, None]
    assert rows[0][SCRIPT] == SCRIPT


def test_a_study_without_runs_has_no_table(client):
    answer = client.get("/studies/waiting/demo/tables/runs.csv")
    assert (answer.status_code, answer.text) == (404, "no table named 'runs'; there are none\n")


def test_every_link_to_a_file_leads_to_one(client):
    import re  # noqa: PLC0415

    page = client.get(f"{STUDY}?metric=gradient/norm").text
    links = re.findall(r'href="([^"]+\.(?:csv|json|svg)(?:\?[^"]*)?)"', page)
    assert len(links) > 15
    for link in dict.fromkeys(links):
        answer = client.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200, (link, answer.text)
        assert answer.headers["content-disposition"].startswith("attachment")


def test_a_figure_is_a_picture_of_either_kind(client):
    svg = client.get(f"{STUDY}/figures/curve-test-accuracy.svg")
    assert svg.headers["content-type"] == "image/svg+xml"
    assert "Test accuracy (%) by epoch" in svg.text
    png = client.get(f"{STUDY}/figures/curve-test-accuracy.png")
    assert png.content.startswith(b"\x89PNG")


def test_a_figure_with_a_slider_is_of_the_epoch_asked_for(client):
    figure = f"{STUDY}/figures/chosen-heatmap-gradient-norm-activation.svg?metric=gradient/norm"
    last, other, same, unknown = (
        client.get(f"{figure}{end}").text for end in ("", "&epoch=3", "&epoch=20", "&epoch=999")
    )
    assert other != last
    assert same == unknown == last


def test_the_record_of_a_run_has_all_of_it(client):
    answer = client.get("/studies/hostile/demo/runs/hostile-1/record.json")
    record = json.loads(answer.text, parse_constant=pytest.fail)
    assert record["status"] == "diverged"
    assert record["condition"] == {SCRIPT: SCRIPT}
    assert record["recipe"]["model"]["activation"] == SCRIPT
    (found,) = (one for one in record["measurements"] if one["name"] == "test/accuracy")
    assert found["dims"] == ["epoch"]
    assert len(found["values"]) == len(found["coords"]["epoch"]) == 7
    waiting = client.get("/studies/hostile/demo/runs/hostile-3/record.json").json()
    assert (waiting["status"], waiting["failure"]) == ("failed", f"ValueError: {SCRIPT}")

"""The live page of a lab on a PostgreSQL server, while a driver trains in it and after."""

import os
import subprocess
from dataclasses import replace

import httpx
import pytest

pytest.importorskip("psycopg", reason="psycopg is not installed")

from paribus.store import Catalogue
from paribus.store.postgresql import SCHEMA
from report.example_lab import fill
from store.server import PASSWORD, address
from study.example_study import tiny_file
from ui.serving import paribus, served, told


@pytest.fixture
def lab(server):
    lab = server.database()
    Catalogue.open(lab, create=True).close()
    return lab


def test_a_study_is_followed_to_its_end(lab, tmp_path):
    file = tiny_file(tmp_path, epochs=400, replicates=1)
    with served(address(lab)) as (_, url), httpx.Client(base_url=url, timeout=120) as client:
        driver = subprocess.Popen(
            paribus("run", file, "--cores", "1"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=tmp_path,
            env=os.environ | {"PARIBUS_LAB": address(lab)},
        )
        try:
            with client.stream("GET", "/events") as answer:
                appeared = next(one for one in told(answer) if one["rows"])
            (row,) = appeared["rows"].values()
            path = row.partition('href="')[2].partition('"')[0]
            with client.stream("GET", f"{path}/events") as answer:
                seen = list(until_complete(told(answer)))
            assert driver.wait(120) == 0
        finally:
            driver.kill()
            driver.wait()
        page = client.get(path).text
        assert "3 of 3 runs" in page
        assert PASSWORD not in client.get("/").text + page
    assert any(">running<" in one for one in seen)
    assert ">complete<" in seen[-1]


def until_complete(messages):
    for one in messages:
        if "status" in one:
            yield one["status"]
            if ">complete<" in one["status"]:
                return


def test_a_server_that_goes_and_comes_back(server, lab):
    with served(address(lab)) as (_, url), httpx.Client(base_url=url, timeout=120) as client:
        server.kill()
        gone = [client.get(path) for path in ("/", "/studies/tiny/full", "/studies/tiny")]
        server.start()
        back = client.get("/")
    assert [one.status_code for one in gone] == [200, 503, 503]
    for one in gone:
        assert "cannot be reached" in one.text
        assert PASSWORD not in one.text
    assert "cannot be reached" not in back.text


def test_who_may_only_read_sees_it(server, lab):
    with Catalogue.open(lab, create=False) as catalogue:
        fill(catalogue)
    for statement in (
        f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'",
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO guest",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO guest",
    ):
        server.execute(lab, statement)
    guest = replace(lab, user="guest")
    with served(address(guest)) as (_, url), httpx.Client(base_url=url, timeout=120) as client:
        assert "complete" in client.get("/").text
        assert "20 of 20 runs" in client.get("/studies/second/demo").text
        assert client.get("/studies/second/demo/runs/second-relu-2").status_code == 200
        with client.stream("GET", "/studies/second/demo/events") as answer:
            assert next(told(answer))["trouble"] == ""

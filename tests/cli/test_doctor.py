"""`paribus doctor`: tells what is well and what is not, and does not fall over what is broken."""

import json
import os
import sqlite3

import pytest

from paribus.cli.doctor import Finding, is_well
from paribus.data.base import Source
from paribus.store import Catalogue
from paribus.store.catalogue import FILE
from paribus.store.hold import hold
from paribus.study.plan import make_plan
from study.example_study import tiny_study

ROOT = os.geteuid() == 0


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PARIBUS_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def examined(paribus, cache):
    """The exit code, and what was found by name."""

    def run(*words):
        said = paribus("doctor", *words, "--json")
        answer = json.loads(said.out)
        assert said.code == (0 if answer["well"] else 1)
        return said.code, {one["name"]: one for one in answer["findings"]}

    return run


def ill(found):
    return {name for name, one in found.items() if one["advice"] is not None}


@pytest.fixture
def lab(tmp_path):
    Catalogue.open(tmp_path / "lab", create=True).close()
    return tmp_path / "lab"


def test_all_is_well(examined, lab):
    code, found = examined("--lab", lab)
    assert (code, ill(found)) == (0, set())
    parts = {one["part"] for one in found.values()}
    assert parts == {"versions", "optional", "devices", "caches", "data", "lab"}
    assert found["digits"]["found"] == "embedded"
    assert found["mnist"]["found"] == "absent"
    assert found["content"]["found"].startswith("0 studies, 0 runs")
    assert found["in use"]["found"] == "no"


def test_it_is_shown_to_people(paribus, cache, lab):
    said = paribus("doctor", "--lab", lab)
    assert said.code == 0
    assert said.out.splitlines()[-1] == "all is well"


def test_a_lab_that_is_not_there_is_no_fault(examined, tmp_path):
    code, found = examined("--lab", tmp_path / "new" / "lab")
    assert (code, found["content"]["found"]) == (0, "nothing yet")
    assert not (tmp_path / "new").exists()


def test_a_lab_in_use(examined, lab):
    with hold(lab):
        _, found = examined("--lab", lab)
    assert found["in use"]["found"] == "by some command"


def test_a_lab_that_is_no_database(paribus, cache, lab):
    (lab / FILE).write_bytes(b"no database" * 1000)
    said = paribus("doctor", "--lab", lab)
    assert said.code == 1
    assert "is not an SQLite database" in said.out
    assert "1 thing to attend to:" in said.out
    assert "paribus check" in said.out


def test_a_damaged_lab(examined, lab):
    content = bytearray((lab / FILE).read_bytes())
    content[100 : len(content)] = os.urandom(len(content) - 100)
    (lab / FILE).write_bytes(content)
    code, found = examined("--lab", lab)
    assert (code, ill(found)) == (1, {"content"})


def test_a_lab_of_a_newer_version(examined, lab):
    connection = sqlite3.connect(lab / FILE)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    code, found = examined("--lab", lab)
    assert (code, ill(found)) == (1, {"content"})


def test_failed_runs_are_pointed_at(examined, lab):
    plan = make_plan(tiny_study().at(), Source())
    with Catalogue.open(lab, create=False) as catalogue:
        catalogue.put_study(plan.entry)
        catalogue.record_failure(plan.runs[0].key, "ValueError: no")
    code, found = examined("--lab", lab)
    assert (code, found["failed runs"]["found"]) == (1, "1 of tiny (full)")


def test_a_lab_that_is_a_file(examined, tmp_path):
    (tmp_path / "lab").write_text("")
    code, found = examined("--lab", tmp_path / "lab")
    assert code == 1
    assert "folder" in ill(found)


@pytest.mark.skipif(ROOT, reason="root may write everywhere")
def test_a_lab_that_can_only_be_read(examined, lab):
    lab.chmod(0o500)
    try:
        code, found = examined("--lab", lab)
    finally:
        lab.chmod(0o700)
    assert (code, ill(found)) == (1, {"folder"})


def test_a_cache_that_cannot_be(examined, cache, lab):
    cache.write_text("a file in the way")
    code, found = examined("--lab", lab)
    assert code == 1
    assert ill(found) == {"compiled programs", "data files"}


def test_a_cache_that_is_not_made_yet_is_no_fault(examined, cache, lab, monkeypatch):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(cache / "deep" / "down"))
    code, found = examined("--lab", lab)
    assert (code, found["data files"]["found"].endswith("not made yet")) == (0, True)


def test_a_data_folder_that_is_not_there(examined, lab, tmp_path):
    code, found = examined("--lab", lab, "--data-dir", tmp_path / "nowhere")
    assert (code, ill(found)) == (1, {"folder"})


def test_damaged_data(examined, lab, tmp_path):
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / f"{name}-ubyte.gz").write_bytes(b"torn")
    code, found = examined("--lab", lab, "--data-dir", tmp_path / "data")
    assert (code, ill(found)) == (1, {"mnist"})


def test_a_server_that_does_not_answer(examined):
    code, found = examined("--lab", "postgresql://ada:secret@localhost:1/lab")
    assert (code, "content" in ill(found)) == (1, True)
    assert "secret" not in json.dumps(found)


def test_one_thing_that_needs_attention_is_enough():
    fine = Finding("lab", "lab", "here")
    assert is_well([fine])
    assert not is_well([fine, Finding("lab", "free space", "0 bytes", "make room")])

"""The command: where it is bound, what it says, and how it ends."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from paribus.cli.ui import NICENESS
from paribus.errors import ParibusError
from paribus.store.catalogue import FILE
from paribus.store.migrations import LATEST
from paribus.ui import make_app
from paribus.ui.guard import is_loopback
from paribus.ui.server import bind, url_of
from store.old_labs import of_schema
from ui.serving import paribus, served


def ended(*arguments):
    return subprocess.run(paribus(*arguments), capture_output=True, text=True, timeout=120)


def test_ctrl_c_ends_it_though_pages_are_open(lab):
    with (
        served(lab) as (process, url),
        httpx.stream("GET", f"{url}studies/second/demo/events", timeout=60) as one,
        httpx.stream("GET", f"{url}events", timeout=60) as other,
    ):
        assert next(one.iter_text()).startswith("data: ")
        assert next(other.iter_text()).startswith("data: ")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stderr.read() == ""


def test_it_warns_where_others_can_see_it(lab):
    with served(lab, "--host", "0.0.0.0") as (process, url):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
        assert httpx.get(url).status_code == 200
        assert httpx.get(url, headers={"Host": "example.org"}).status_code == 421
        process.send_signal(signal.SIGINT)
        process.wait(30)
        said = process.stderr.read()
    assert "everybody who reaches this machine can read the whole lab" in said


def test_a_lab_that_is_not_there(tmp_path):
    done = ended("ui", "--lab", tmp_path / "none", "--no-browser")
    assert done.returncode == 2
    assert re.fullmatch(r"error: lab .*none holds nothing yet\. .*\n", done.stderr)


def test_a_port_that_is_taken(lab):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = ended("ui", "--lab", lab, "--port", port, "--no-browser")
    assert done.returncode == 2
    assert f"port {port} of 127.0.0.1 is taken" in done.stderr
    assert "--port 0" in done.stderr


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none(lab, port):
    done = ended("ui", "--lab", lab, "--port", port, "--no-browser")
    assert done.returncode == 2
    assert "--port" in done.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_of_another_machine(host):
    with pytest.raises(ParibusError, match="--host takes an address or name of this machine"):
        bind(host, 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *(("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.9.9.9", True)),
        *(("0.0.0.0", False), ("::", False), ("192.168.1.7", False), ("example.org", False)),
    ],
)
def test_which_addresses_are_of_this_machine_alone(host, expected):
    assert is_loopback(host) is expected


def test_the_address_of_a_page_for_all_is_one_that_a_browser_opens():
    with bind("0.0.0.0", 0) as bound:
        assert url_of("0.0.0.0", bound).startswith("http://127.0.0.1:")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has threads of a niceness each")
def test_it_stands_behind_what_is_trained(lab):
    nice = min(os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, 19)
    with served(lab) as (process, url):
        httpx.get(f"{url}studies/second/demo", timeout=60).raise_for_status()
        threads = [int(one.name) for one in Path(f"/proc/{process.pid}/task").iterdir()]
        found = [os.getpriority(os.PRIO_PROCESS, one) for one in threads]
    assert found[threads.index(process.pid)] == nice  # what serves
    assert found.count(nice) > 1  # what makes pages; NumPy's own threads, which idle, are older


@pytest.mark.parametrize("version", [3, LATEST - 1])
def test_an_old_lab_is_left_as_it_is(lab, tmp_path, version):
    old = of_schema(version, lab, tmp_path / "old")
    before = (old / FILE).read_bytes()
    done = ended("ui", "--lab", old, "--no-browser")
    assert done.returncode == 2
    assert done.stderr == (
        f"error: lab {old} has schema {version} of an earlier version of Paribus; this one reads "
        f"schema {LATEST}. It is only read here, and not changed: `paribus status` brings it up "
        "to date, and earlier versions cannot read it then.\n"
    )
    # The header of a database says which journal its next writer keeps.
    assert (old / FILE).read_bytes()[100:] == before[100:]
    assert ended("status", "--lab", old).returncode == 0
    with served(old) as (_, url):
        assert httpx.get(f"{url}studies/second/demo", timeout=60).status_code == 200


def test_no_page_brings_an_old_lab_up_to_date(lab, tmp_path):
    from starlette.testclient import TestClient  # noqa: PLC0415

    old = of_schema(LATEST - 1, lab, tmp_path / "old")
    client = TestClient(make_app(old), base_url="http://localhost")
    study = "/studies/second/demo"
    run = f"{study}/runs/second-relu-2"
    for path in ("/studies/second", study, f"{study}/charts.json", run):
        answer = client.get(path)
        assert (answer.status_code, "paribus status" in answer.text) == (503, True), path
    assert "paribus status" in client.get("/").text
    # It is told what the lab ails, and then that it is well: the stream goes on.
    assert client.head(f"{study}/events").status_code == 200
    with closing(sqlite3.connect(old / FILE)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (LATEST - 1,)

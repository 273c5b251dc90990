"""Whatever strikes a study, it is finished with the numbers of one that nobody disturbed.

Some faults once; with PARIBUS_FAULTS=full all, as often as `make faults` tries them. And the
campaign itself finds what it is there to find.
"""

import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from faults.campaign import FAULTS, compare, make_ground, strike, try_fault
from faults.command import Ended
from faults.fault import Fault, Struck
from faults.finishing import inside
from faults.labs import differing, left, runs_of
from faults.study import RUNS
from faults.table import Row, page
from paribus.store.catalogue import FILE

pytestmark = pytest.mark.slow
FULL = os.environ.get("PARIBUS_FAULTS") == "full"
CHOSEN = [fault for fault in FAULTS if FULL or fault.brief]
SEED = 20
ERRORS = '{"runs": {"total": 12, "trained": 7}}'


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """The study, undisturbed."""
    return make_ground(tmp_path_factory.mktemp("ground"), epochs=40)


@pytest.fixture
def site(ground, tmp_path):
    """A finished lab of its own."""
    site = ground.site(tmp_path / "files")
    shutil.copytree(ground.folder / "second", site.lab)
    return site


@pytest.mark.parametrize("fault", CHOSEN, ids=[fault.name for fault in CHOSEN])
def test_a_disturbed_study_ends_as_if_undisturbed(ground, fault):
    choice = random.Random(f"{SEED} {fault.name}")
    row = try_fault(ground, fault, fault.times if FULL else 1, choice, inside)
    if row.skipped:
        pytest.skip(row.skipped)
    assert row.tried > 0
    assert row.bad == [], row


def write(site, statement):
    with closing(sqlite3.connect(site.lab / FILE)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(statement)


def compared(site, ground):
    row = Row("planted", "")
    compare(site, row, ground.expected)
    return row.lost, row.wrong


def test_it_finds_nothing_in_an_undisturbed_lab(site, ground):
    assert compared(site, ground) == (0, 0)


def test_it_finds_runs_that_are_lost(site, ground):
    write(site, "DELETE FROM runs WHERE id IN (2, 5)")
    assert compared(site, ground) == (2, 0)


@pytest.mark.parametrize("field", ["parameters", "replicate", "fingerprint"])
def test_it_finds_a_wrong_number(site, ground, field):
    write(site, f"UPDATE runs SET {field} = {field} || '1' WHERE id = 3")
    assert compared(site, ground) == (0, 1)


def test_it_finds_one_wrong_bit(ground):
    (key, run), *_ = ground.expected.items()
    first, *others = run.measurements
    values = first.values.copy()
    values.view("u1").flat[0] ^= 1
    found = {key: replace(run, measurements=(replace(first, values=values), *others))}
    assert differing(found, ground.expected) == [f"{key}: {first.name}"]
    weights = bytearray(run.artifacts["weights.safetensors"])
    weights[-1] ^= 1
    changed = dict(run.artifacts) | {"weights.safetensors": bytes(weights)}
    found = {key: replace(run, artifacts=changed)}
    assert differing(found, ground.expected) == [f"{key}: weights.safetensors"]


def test_it_counts_runs_that_are_lost_or_trained_though_they_were_stored(site, ground):
    def inject(site, choice):
        kept = left(site.lab)[0] | {"a run that was stored"}
        write(site, "DELETE FROM runs WHERE id > 8")
        return Struck(Ended(0, ERRORS, ""), kept)

    write(site, "DELETE FROM runs WHERE id > 10")
    row = Row("planted", "")
    strike(site, Fault("planted", "", 1, inject), row, random.Random(0), 1)
    assert (row.tried, row.lost, row.twice) == (1, 3, 7 - (RUNS - 10))
    assert row.bad == ["3 lost", "5 trained twice"]


def test_it_counts_runs_that_were_begun_though_they_were_stored(site, ground):
    known, unknown = sorted(ground.expected)[0], "some other run"

    def inject(site, choice):
        logs = site.lab / "logs"
        logs.mkdir(exist_ok=True)
        lines = [
            json.dumps({"event": "run started", "facts": {"key": key}})
            for key in (known, unknown, known)
        ]
        (logs / "of-the-fault.jsonl").write_text("\n".join([*lines, '{"event": "run started", ']))
        return Struck(Ended(-9, "", ""), set())

    write(site, f"DELETE FROM runs WHERE key != '{known}'")
    row = Row("planted", "")
    strike(site, Fault("planted", "", 1, inject), row, random.Random(0), 1)
    assert (row.lost, row.twice) == (0, 2)


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Ended(None, "", ""), "hung"),
        (Ended(-9, "", ""), "killed by SIGKILL"),
        (Ended(0, "{}", "note: x"), "finished"),
        (Ended(2, "", "error: store /a/b c is full"), "exit 2, error: store ... c is full"),
        (Ended(1, "", "Traceback (most\n  x\nOSError: y"), "traceback: OSError: y"),
        (Ended(1, "", "12 of 12 runs"), "exit 1, some runs failed"),
        (Ended(130, "", "interrupted; kept"), "exit 130, interrupted; kept"),
    ],
)
def test_how_a_command_ended_in_a_few_words(ended, said):
    assert ended.said == said
    row = Row("planted", "")
    row.ended[ended.said] += 1
    assert bool(row.bad) == said.startswith(("hung", "traceback"))


def test_the_page_has_a_row_for_each_fault():
    rows = [Row(fault.name, fault.told, tried=1) for fault in FAULTS]
    rows.append(Row("x", "y", skipped="no z"))
    text = page(rows)
    assert all(f"| {row.name}: {row.told} | 1 | 0 | 0 | 0 |" in text for row in rows[:-1])
    assert "| x: y | 0 | | | | not tried: no z |" in text


def test_runs_of_a_damaged_lab_say_what_is_damaged(site, ground):
    write(site, "UPDATE artifacts SET content = x'00' WHERE run_id = 4 AND name = 'correct'")
    assert [run for run in runs_of(site.lab).values() if isinstance(run, str)] != []
    assert compared(site, ground) == (0, 1)

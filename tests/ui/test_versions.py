"""What a page shows is of what the lab holds now: whatever is stored later is another version."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from paribus.analyses.base import Analysis
from paribus.claims import Better
from paribus.data.base import Source
from paribus.store.catalogue import Catalogue
from paribus.store.records import Measurement
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from paribus.ui.moments import Reader
from paribus.ui.shelf import Shelf
from report.example_lab import claimed, study
from results.example_studies import activation_runs
from study.example_study import tiny_study

SEEN = []
SHELVES = {}


def now(lab, name="growing", scale="demo"):
    """How far a study is, as a page that is open is told."""
    reader = Reader(lab)
    try:
        return reader.read().studies[name, scale]
    finally:
        reader.close()


class Watched(Analysis):
    """Notes what a page shows while it is computed."""

    kind: Literal["watched"] = "watched"
    name: str = "watched"
    lab: str

    def compute(self, workbench):
        progress = now(Path(self.lab), "tiny", "full")
        SEEN.append((progress, SHELVES[self.lab].study(("tiny", "full"), progress)))
        return (Measurement("watched/runs", np.array([len(workbench.runs)]), ("all",)),)


@pytest.fixture
def growing(tmp_path):
    """A lab with a study, all of whose runs are stored."""
    made = study("growing", claims=claimed(Better("test/accuracy", "relu", "sigmoid")))
    with Catalogue.open(tmp_path, create=True) as catalogue:
        catalogue.put_study(made)
        catalogue.add_runs(list(activation_runs(made)))
    return tmp_path, made


def test_analyses_that_come_last_are_another_version_and_are_shown(tmp_path):
    shelf = SHELVES[str(tmp_path)] = Shelf(tmp_path)
    plan = make_plan(tiny_study(analyses=[Watched(lab=str(tmp_path))]).at(), Source())
    assert run_plan(plan, RunOptions(lab=tmp_path, cores=1)).analysis_failures == {}
    ((during, shown),) = SEEN
    after = now(tmp_path, "tiny", "full")
    assert (during.counts.done, during.counts.rows) == (4, after.counts.rows)
    assert during.is_working  # who follows it waits for the end
    assert not after.is_working
    assert during.counts.plan != after.counts.plan  # though somebody looked just before the end
    assert shown.results.analyses == {}
    assert list(shelf.study(("tiny", "full"), after).results.analyses) == ["watched/runs"]


def test_what_is_measured_later_is_another_version_and_is_shown(growing):
    lab, made = growing
    shelf, before = Shelf(lab), now(lab)
    shown = shelf.study(("growing", "demo"), before)
    assert shelf.study(("growing", "demo"), now(lab)) is shown
    later = Measurement("late/norm", np.ones(2), coords={"epoch": np.array([0, 20])})
    with Catalogue.open(lab, create=False) as catalogue:
        catalogue.add_measured(made.members[0].key, [later], ["a probe"])
    after = now(lab)
    assert after.counts == before.counts
    assert after.version != before.version
    # As somebody sees it who is told the version of a moment ago, too.
    assert "late/norm" in shelf.study(("growing", "demo"), before).metrics
    assert "late/norm" in shelf.study(("growing", "demo"), after).metrics


def test_what_is_measured_of_another_study_is_no_version_of_this_one(growing):
    lab, _ = growing
    other, before = study("other"), now(lab)
    with Catalogue.open(lab, create=False) as catalogue:
        catalogue.put_study(other)
        catalogue.add_runs(list(activation_runs(other)))
    assert now(lab).version == before.version


def test_a_claim_that_has_changed_is_counted_anew(growing):
    lab, made = growing
    shelf, name = Shelf(lab), ("growing", "demo")
    assert shelf.judge(name, now(lab))
    assert not shelf.judge(name, now(lab))
    assert shelf.verdicts[name][1] == {"supported": 1}
    other = claimed(Better("test/accuracy", "sigmoid", "relu"))
    with Catalogue.open(lab, create=False) as catalogue:
        catalogue.put_study(replace(made, document=dict(made.document) | {"claims": other}))
    assert shelf.judge(name, now(lab))
    assert shelf.verdicts[name][1] == {"refuted": 1}

"""What commands print with --json: exactly the documented keys, and no number that is not one."""

import json

import pytest

from paribus import Factor, studies
from paribus.data.base import Source
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from study.example_study import tiny_file, tiny_study

RUN_COUNTS = {"total", "trained", "reused", "diverged", "failed"}
PHASES = {"data", "compile", "train", "evaluate", "probe", "store", "report", "total"}
TABLE_KEYS = {
    "condition",
    "metric",
    "epoch_rule",
    "mean",
    "low",
    "high",
    "n",
    "diverged",
    "method",
}


def refused(constant):
    raise AssertionError(f"{constant} is no JSON")


def read(text):
    return json.loads(text, parse_constant=refused)


@pytest.fixture
def answer(paribus):
    """The JSON that a command prints: one line, alone on stdout."""

    def run(*words):
        said = paribus(*words, "--json")
        assert said.code == 0, said.err
        (line,) = said.out.splitlines()
        return read(line)

    return run


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Holds `tiny`, whose rate "wild" diverges."""
    lab = tmp_path_factory.mktemp("json") / "lab"
    rates = Factor("optimizer.learning_rate", {"sane": 0.1, "wild": 1e30})
    plan = make_plan(tiny_study(factors=[rates]).at(), Source())
    run_plan(plan, RunOptions(lab=lab))
    return lab


def test_list(answer):
    rows = answer("list")
    assert [row["name"] for row in rows] == [study.name for study in studies.ALL]
    for row in rows:
        assert set(row) == {
            "name",
            "report",
            "question",
            "data",
            "conditions",
            "replicates",
            "scales",
        }


def test_plan(answer, tmp_path):
    found = answer("plan", tiny_file(tmp_path), "--lab", tmp_path / "lab")
    assert set(found) == {"study", "scale", "cohorts", "runs", "consequences", "confounds"}
    assert (found["study"], found["scale"], found["cohorts"]) == ("tiny", "full", 1)
    assert found["confounds"] == []
    assert len(found["runs"]) == 6
    for run in found["runs"]:
        assert set(run) == {"key", "condition", "replicate", "parameters", "recipe"}
        assert run["parameters"] == 610
    assert found["runs"][0]["condition"] == {"learning_rate": "low"}
    assert not (tmp_path / "lab").exists()


def test_plan_of_data_that_is_not_there(answer, tmp_path):
    words = ["fashion-architectures", "--scale", "full", "--data-dir", tmp_path]
    found = answer("plan", *words, "--lab", tmp_path / "lab", "--only", "architecture=15")
    assert [run["parameters"] for run in found["runs"]] == [569_016] * 5
    assert found["runs"][0]["recipe"]["model"]["hidden"] == [512, 256, 64, 256, 10]


def test_run_says_what_was_trained_and_what_was_there(answer, tmp_path):
    lab = tmp_path / "lab"
    path = tiny_file(tmp_path)
    first = answer("run", path, "--lab", lab, "--only", "learning_rate=low,mid")
    assert set(first) == {"study", "scale", "runs", "seconds", "model_steps", "report"}
    assert (first["study"], first["scale"]) == ("tiny", "full")
    assert set(first["runs"]) == RUN_COUNTS
    assert set(first["seconds"]) == PHASES
    assert first["seconds"]["total"] >= first["seconds"]["report"] > 0
    assert first["runs"] == {"total": 4, "trained": 4, "reused": 0, "diverged": 0, "failed": 0}
    assert first["model_steps"] == 4 * 2 * 45
    assert first["report"] == str(lab / "reports" / "tiny-full" / "report.html")
    assert (lab / "reports" / "tiny-full" / "report.html").is_file()

    grown = answer("run", path, "--lab", lab, "--replicates", 3)
    assert grown["runs"] == {"total": 9, "trained": 5, "reused": 4, "diverged": 0, "failed": 0}
    assert grown["model_steps"] == 5 * 2 * 45


def test_status(answer, lab):
    assert answer("status", "--lab", lab) == [
        {
            "study": "tiny",
            "scale": "full",
            "total": 4,
            "done": 4,
            "diverged": 2,
            "failed": 0,
            "running": 0,
            "seconds_left": None,
            "workers": [],
        }
    ]


def test_table(answer, lab):
    rows = answer("table", "tiny", "--lab", lab)
    assert all(set(row) == TABLE_KEYS for row in rows)
    assert [(row["metric"], row["condition"]["learning_rate"]) for row in rows] == [
        (f"test/{metric}", label)
        for metric in ("accuracy", "loss", "precision", "recall")
        for label in ("sane", "wild")
    ]
    sane, wild = rows[:2]
    assert sane["n"] == 2
    assert sane["low"] < sane["mean"] < sane["high"]
    assert sane["epoch_rule"] == "last"
    assert (wild["n"], wild["diverged"]) == (0, 2)
    assert wild["mean"] is wild["low"] is wild["high"] is None


def test_table_of_the_metrics_asked_for(answer, lab):
    rows = answer("table", "tiny", "--lab", lab, "--metric", "batch/loss", "--metric", "test/loss")
    assert [row["metric"] for row in rows] == ["batch/loss"] * 2 + ["test/loss"] * 2


def test_data(answer, tmp_path):
    rows = answer("data", "--data-dir", tmp_path)
    assert all(set(row) == {"name", "state", "path", "bytes", "fingerprint"} for row in rows)
    states = {row["name"]: row["state"] for row in rows}
    assert states["digits"] == "embedded"
    assert {states[name] for name in ("cifar10", "fashion_mnist", "mnist")} == {"absent"}

"""What every built-in study does. Joining is one row in `studies.ALL`."""

import json

import numpy as np
import pytest

from paribus import studies
from paribus.cli.display import study_row
from paribus.data.base import Source
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan

SCALES = [(study, scale) for study in studies.ALL for scale in study.scale_names]


def scale_name(value):
    return value if isinstance(value, str) else value.name


@pytest.fixture(params=studies.ALL, ids=scale_name)
def study(request):
    return request.param


@pytest.fixture(params=SCALES, ids=lambda pair: "-".join(map(scale_name, pair)))
def scaled(request):
    study, scale = request.param
    return study.at(scale)


def test_names_differ():
    assert len({study.name for study in studies.ALL}) == len(studies.ALL)


def test_it_asks_a_question_and_says_where_it_is_from(study):
    assert study.question.endswith("?")
    assert study.description.endswith(".")
    assert study.source
    assert study.report in {"A", "B", "C", "D", "E"}
    assert all(note.endswith(".") for note in study.notes)


def test_its_first_scale_is_the_demo_on_embedded_data(study, tmp_path):
    assert study.scale_names[0] == "demo"
    plan = make_plan(study.at("demo"), Source(tmp_path))
    assert {location.state for location in plan.locations.values()} == {"embedded"}


def test_its_row_in_the_list_is_complete(study):
    row = study_row(study)
    assert all(row.values())
    assert row["conditions"] * row["replicates"] == len(study.plan("demo").runs)
    assert json.loads(json.dumps(row)) == row


def test_every_scale_can_be_planned_without_data(scaled, tmp_path):
    plan = make_plan(scaled, Source(tmp_path))
    assert len(plan.runs) == len(scaled.resolved()) * scaled.replicates
    assert all(run.parameters > 0 and run.steps > 0 for run in plan.runs)


def test_its_conditions_are_distinct(scaled, tmp_path):
    plan = make_plan(scaled, Source(tmp_path))
    labels = {(*run.condition.values(), run.replicate) for run in plan.runs}
    assert len(labels) == len({run.key for run in plan.runs}) == len(plan.runs)


def test_it_can_be_written_down(scaled, tmp_path):
    document = scaled.document()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    plan = make_plan(scaled, Source(tmp_path))
    assert json.loads(json.dumps(plan.as_json(), allow_nan=False)) == plan.as_json()


@pytest.mark.parametrize(
    ("study", "scale"),
    [(study, scale) for study, scale in SCALES if study.at(scale).reported],
    ids=scale_name,
)
def test_what_was_reported_belongs_to_its_conditions(study, scale):
    scaled = study.at(scale)
    (factor,) = scaled.factors
    assert set(scaled.reported.values) <= set(factor.labels)
    assert all(np.isfinite(value) for value in scaled.reported.values.values())
    assert scaled.reported.source


def test_its_demo_trains(study, tmp_path):
    short = study.at("demo", values={"epochs": 1}, replicates=2)
    outcome = run_plan(make_plan(short, Source()), RunOptions(lab=tmp_path / "lab"))
    assert outcome.failures == {}
    assert outcome.diverged == 0
    assert outcome.trained == 2 * len(short.resolved())
    results = outcome.dataset()
    assert np.isfinite(results[short.primary]).all()
    assert results.sizes["epoch"] == 2

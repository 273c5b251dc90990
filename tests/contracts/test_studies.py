"""What every built-in study does. Joining is one row in `studies.NAMES`."""

import json
import pkgutil

import numpy as np
import pytest

from paribus import studies
from paribus.cli.display import study_row
from paribus.data.base import Source
from paribus.design.adaptive import Scan
from paribus.results.tidy import condition_label
from paribus.spec import Spec
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan

SCALES = [(study, scale) for study in studies.ALL for scale in study.scale_names]

MAY_DIVERGE = {"learning-rate"}
"""A learning rate of 10 is part of the question, and a run that diverges an answer to it."""


def scale_name(value):
    return value if isinstance(value, str) else value.name


def test_every_module_is_listed_by_the_name_of_its_study():
    modules = [one.name.replace("_", "-") for one in pkgutil.iter_modules(studies.__path__)]
    assert sorted(studies.NAMES) == sorted(modules)
    assert [study.name for study in studies.ALL] == list(studies.NAMES)
    with pytest.raises(AttributeError, match="no attribute 'SOME'"):
        _ = studies.SOME


@pytest.fixture(params=studies.ALL, ids=scale_name)
def study(request):
    return request.param


@pytest.fixture(params=SCALES, ids=lambda pair: "-".join(map(scale_name, pair)))
def scaled(request):
    study, scale = request.param
    return study.at(scale)


def untreated(scaled, condition):
    """Whether a condition is that of a plain recipe: all are, but for the remedies of a scan."""
    remedies = scaled.design.remedies if isinstance(scaled.design, Scan) else ""
    return all(
        condition[factor.name] == factor.labels[0]
        for factor in scaled.factors
        if factor.name == remedies
    )


def names_for_reported(scaled):
    """What numbers of a source may be of: conditions; in a scan those of the other factors."""
    apart = (
        {scaled.design.factor, scaled.design.remedies}
        if isinstance(scaled.design, Scan)
        else set()
    )
    return {
        condition_label(
            {factor: label for factor, label in condition.labels.items() if factor not in apart}
        )
        for condition, _ in scaled.resolved()
    }


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
    runs = make_plan(scaled, Source(tmp_path)).runs
    labels = {(*run.condition.values(), run.replicate) for run in runs}
    assert len(labels) == len(runs)
    # A remedy may make of one condition another: relu, of a network of sigmoids.
    runs = [run for run in runs if untreated(scaled, run.condition)]
    assert len({run.key for run in runs}) == len(runs)


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
    several = scaled.reported if isinstance(scaled.reported, tuple) else (scaled.reported,)
    for reported in several:
        assert set(reported.values) <= names_for_reported(scaled)
        assert all(np.isfinite(value) for value in reported.values.values())
        assert reported.source


def test_its_demo_trains(study, tmp_path):
    short = study.at("demo", values={"epochs": 1}, replicates=2)
    outcome = run_plan(make_plan(short, Source()), RunOptions(lab=tmp_path / "lab"))
    assert outcome.failures == {}
    assert outcome.diverged == 0 or study.name in MAY_DIVERGE
    assert outcome.trained == outcome.total
    results = outcome.dataset()
    measured = np.isfinite(results[short.primary])
    # A second phase counts as one more epoch.
    assert results.sizes["epoch"] == 2 + (short.recipe.second_phase is not None)
    if isinstance(short.design, Spec):
        assert measured.any()  # what is trained depends on how it goes
    else:
        assert outcome.trained == 2 * len(short.resolved())
        assert measured.all()

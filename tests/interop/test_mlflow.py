"""Exports to a real MLflow server, read back through MLflow's own client."""

import math
import os
from dataclasses import replace

import pytest

from interop.breaking import breaking_off
from interop.tracked_studies import HOSTILE, activations, diverging, hostile
from interop.tracking_server import COMMAND, QUIET, command, free_port, serving
from paribus.errors import DeclarationError, ParibusError
from paribus.interop.limits import LONGEST_PARAMETER, METRICS_PER_CALL
from paribus.interop.mlflow import PARENT, send_runs
from paribus.interop.tracked import flat, read_study
from paribus.interop.wanted import EXPORTED, KEY
from results.example_studies import RECIPE

os.environ.update(QUIET)
mlflow = pytest.importorskip("mlflow")
needs_server = pytest.mark.skipif(
    command() is None, reason=f"the full package mlflow; name its command in {COMMAND}"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("mlflow")) as found:
        yield found


@pytest.fixture
def client(address):
    return mlflow.MlflowClient(tracking_uri=address)


def exported(catalogue, address, name=None):
    """An export of a study of example labs, under a name of its own: one server serves all."""
    with catalogue:
        study = read_study(catalogue, "activations", "demo")
    study = replace(study, name=name)
    return study, send_runs(study, address)


def found_in(client, sent):
    """The runs of an experiment: conditions, and replicates by the id of their condition."""
    experiment = client.get_experiment_by_name(sent.experiment)
    runs = list(client.search_runs([experiment.experiment_id], max_results=1000))
    conditions = [run for run in runs if PARENT not in run.data.tags]
    replicates = [run for run in runs if PARENT in run.data.tags]
    assert len({(run.data.tags[KEY], run.data.tags.get(PARENT)) for run in runs}) == len(runs)
    return experiment, conditions, replicates


def numbers_of(client, run):
    """Every number of a run as the server holds it."""
    return sorted(
        (name, one.step, one.value)
        for name in run.data.metrics
        for one in client.get_metric_history(run.info.run_id, name)
    )


def numbers_in_lab(catalogue, key):
    found = []
    for _, one in catalogue.measurements([key]):
        if one.dims == ("epoch",):
            found += [
                (one.name, int(epoch), value)
                for epoch, value in zip(one.coords["epoch"], one.values.tolist(), strict=True)
            ]
        elif one.dims == ("epoch", "layer"):
            found += [
                (f"{one.name}/{layer}", int(epoch), one.values[row, column].item())
                for row, epoch in enumerate(one.coords["epoch"])
                for column, layer in enumerate(one.coords["layer"])
            ]
    return sorted(found)


@needs_server
def test_the_server_shows_every_run_with_its_parameters_metrics_and_condition(address, client):
    epochs = 60
    study, sent = exported(activations(2, epochs, 2), address, "whole")
    experiment, conditions, replicates = found_in(client, sent)
    assert (sent.new, sent.updated, sent.unchanged) == (2 + 4, 0, 0)
    names = [run.info.run_name for run in conditions]
    assert sorted(names) == ["gelu", "relu"]
    by_id = {run.info.run_id: run for run in conditions}
    with activations(2, epochs, 2) as lab:
        for run in replicates:
            tags = run.data.tags
            numbers = numbers_in_lab(lab, tags[KEY])
            assert len(numbers) > METRICS_PER_CALL
            assert numbers_of(client, run) == numbers
            assert run.data.params == flat(RECIPE)
            assert tags[KEY] == f"{tags['condition.activation']}-{tags['paribus.replicate']}"
            assert by_id[tags[PARENT]].info.run_name == tags["condition.activation"]
            assert (run.info.status, tags["paribus.status"]) == ("FINISHED", "finished")
            assert run.info.end_time - run.info.start_time == 9000
    assert len(replicates) == 4
    assert len(study.findings) == 4
    for number, one in enumerate(study.findings, 1):
        told = experiment.tags[f"paribus.claim.{number}"]
        assert told == f"{one.verdict} (registered): {one.claim}"
    assert experiment.tags["mlflow.note.content"].startswith("Which activation")


@needs_server
def test_a_condition_has_the_means_of_its_replicates(address, client):
    _, sent = exported(activations(2, 3, 2), address, "means")
    _, conditions, replicates = found_in(client, sent)
    for run in conditions:
        finals = [
            one.data.metrics["test/accuracy"]
            for one in replicates
            if one.data.tags[PARENT] == run.info.run_id
        ]
        assert run.data.metrics["mean/test/accuracy"] == pytest.approx(sum(finals) / 2, rel=1e-12)
        assert run.data.params == flat(RECIPE)
        assert run.data.tags["paribus.replicates"] == "2 of 2"


@needs_server
def test_a_second_export_changes_nothing(address, client):
    _, first = exported(activations(1, 3, 2), address, "twice")
    before = {run.info.run_id: numbers_of(client, run) for run in found_in(client, first)[2]}
    _, second = exported(activations(1, 3, 2), address, "twice")
    assert (second.new, second.updated, second.unchanged) == (0, 0, 4)
    after = {run.info.run_id: numbers_of(client, run) for run in found_in(client, second)[2]}
    assert after == before


@needs_server
@pytest.mark.parametrize("after", [4, 10, 16, 17])
def test_an_export_that_was_broken_off_goes_on(address, client, after):
    name = f"broken after {after}"
    refused = pytest.raises(ParibusError, match="refused by the test")
    with breaking_off(address, after) as way, refused:
        exported(activations(1, 60, 2), way, name)
    _, sent = exported(activations(1, 60, 2), address, name)
    assert sent.unchanged < 4
    assert sent.new + sent.updated + sent.unchanged == 4
    _, conditions, replicates = found_in(client, sent)
    assert (len(conditions), len(replicates)) == (2, 2)
    with activations(1, 60, 2) as lab:
        for run in replicates:
            assert numbers_of(client, run) == numbers_in_lab(lab, run.data.tags[KEY])
            assert EXPORTED in run.data.tags


@needs_server
def test_more_replicates_join_their_conditions(address, client):
    exported(activations(1, 3, 2), address, "grown")
    study, sent = exported(activations(3, 3, 2), address, "grown")
    assert (sent.new, sent.updated, sent.unchanged) == (4, 2, 2)
    _, conditions, replicates = found_in(client, sent)
    assert (len(conditions), len(replicates)) == (2, 6)
    relu = next(run for run in conditions if run.info.run_name == "relu")
    mean = next(row for row in study.means[("relu",)] if row["metric"] == "test/accuracy")
    assert relu.data.metrics["mean/test/accuracy"] == mean["mean"]
    assert relu.data.tags["paribus.replicates"] == "3 of 3"


@needs_server
def test_values_that_are_not_finite_are_left_out_and_told(address, client):
    _, sent = exported(diverging(), address, "diverging")
    _, conditions, replicates = found_in(client, sent)
    assert sent.not_finite == 2
    run = next(run for run in replicates if run.data.tags[KEY] == "relu-1")
    assert run.info.status == "FAILED"
    assert run.data.tags["paribus.status"] == "diverged"
    assert run.data.tags["provenance.diverged_epoch"] == "7"
    assert run.data.tags["paribus.not_finite"] == "2 of train/loss, first at epoch 5"
    numbers = numbers_of(client, run)
    assert all(math.isfinite(value) for _, _, value in numbers)
    assert [step for name, step, _ in numbers if name == "train/loss"] == [0, 1, 2, 3, 4]
    relu = next(run for run in conditions if run.info.run_name == "relu")
    assert (relu.info.status, relu.data.tags["paribus.diverged"]) == ("FINISHED", "1")


@needs_server
def test_any_label_and_name_is_taken_and_what_was_changed_is_told(address, client):
    _, sent = exported(hostile(), address, "<script>" + "n" * 600)
    _, conditions, replicates = found_in(client, sent)
    assert len(conditions) == len(replicates) == len(HOSTILE)
    labels = [
        value
        for run in replicates
        for name, value in run.data.tags.items()
        if name.startswith("condition.")
    ]
    assert len(set(labels)) == len(HOSTILE)
    assert "<script>alert(1)</script>" in labels
    assert "x" * 401 in labels
    run = replicates[0]
    assert sorted(map(len, run.data.params.values()))[-1] == LONGEST_PARAMETER
    assert len(run.data.params) == 4
    odd = next(name for name in run.data.metrics if name.startswith("i-metric"))
    history = client.get_metric_history(run.info.run_id, odd)
    assert [one.value for one in history] == [0, 1, 2]
    assert {"../<i>metric</i>", "../a", "long", ""} <= set(sent.changed)
    assert len(sent.experiment) == 500


@needs_server
def test_an_experiment_in_the_bin_is_one_clear_message(address, client):
    _, sent = exported(activations(1, 3, 2), address, "binned")
    client.delete_experiment(client.get_experiment_by_name(sent.experiment).experiment_id)
    with pytest.raises(ParibusError, match="mlflow experiments restore"):
        exported(activations(1, 3, 2), address, "binned")


@needs_server
def test_a_password_in_the_address_is_never_told(address, client, capfd):
    named = address.replace("http://", "http://ada:secret@")
    _, sent = exported(activations(1, 3, 2), named, "password")
    assert sent.address.startswith("http://***@127.0.0.1")
    assert "secret" not in "".join(capfd.readouterr())


def test_a_server_that_is_not_there_is_one_clear_message(capfd):
    address = f"http://ada:secret@127.0.0.1:{free_port()}"
    with pytest.raises(ParibusError, match=r"cannot export to MLflow at http://.{3}@") as told:
        exported(activations(1, 3, 2), address, "nobody")
    assert "the same command goes on" in str(told.value)
    assert "secret" not in str(told.value) + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "typed",
    [
        "localhost:5000",
        "",
        "sqlite:///mlflow.db",
        "http://",
        "http://host:port",
        "file:///tmp/x",
        "http://a b",
        "databricks",
        "http://ada:secret@:5000",
    ],
)
def test_what_is_no_address_says_what_is(typed):
    with pytest.raises(DeclarationError, match="allowed is the address") as told:
        exported(activations(1, 3, 2), typed, "wrong")
    assert "secret" not in str(told.value)

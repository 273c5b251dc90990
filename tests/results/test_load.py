import pytest

from paribus.errors import NothingStoredError, UnknownNameError
from paribus.results.load import load_results
from paribus.results.table import table
from paribus.results.tidy import tidy
from paribus.store.catalogue import Catalogue
from results.example_studies import ACTIVATIONS, activation_runs, entry


@pytest.fixture
def study():
    return entry([ACTIVATIONS], 2)


@pytest.fixture
def catalogue(study):
    with Catalogue.in_memory() as catalogue:
        catalogue.put_study(study)
        yield catalogue


def test_a_stored_study_reads_back_as_it_was(catalogue, study):
    runs = list(activation_runs(study))
    for run in runs:
        catalogue.add_run(run)
    results = load_results(catalogue, "activations", "demo")
    assert table(results) == table(tidy(study, runs))
    assert results.layers["value"].tolist() == tidy(study, runs).layers["value"].tolist()


def test_only_the_measurements_asked_for_are_read(catalogue, study):
    for run in activation_runs(study):
        catalogue.add_run(run)
    results = load_results(catalogue, "activations", "demo", ["test/loss"])
    assert set(results.metrics["metric"]) == {"test/loss"}
    assert results.layers.empty


def test_no_run_names_the_command_that_trains(catalogue):
    with pytest.raises(NothingStoredError, match="paribus run activations --scale demo"):
        load_results(catalogue, "activations", "demo")


def test_an_unknown_study_is_refused(catalogue):
    with pytest.raises(UnknownNameError):
        load_results(catalogue, "activation", "demo")
